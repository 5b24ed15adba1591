import type {Entry} from '../wire.ts';
import {stateOf} from './machine-view.ts';
import type {WatchEntry} from './watch.ts';
import {elapsed, lineOf, problemOf, watchLineOf} from './wording.ts';

/** A period of time in a lane. */
export interface Bar {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** A state, `'other'`, `'wait'`, or `'throttle'`: a wait that the service asked for. */
  readonly kind: string;
  readonly label: string;
  /** Where the label begins; `undefined` where there is no room for it, whether for the bar's ends or for marks. */
  readonly labelX: number | undefined;
  readonly title: string;
}

type UnlabeledBar = Omit<Bar, 'labelX'>;

/** A moment in a lane. */
export interface Mark {
  readonly x: number;
  readonly y: number;
  readonly kind: 'ok' | 'throttled' | 'trouble' | 'change';
  readonly title: string;
}

/** A timeline to be drawn, in pixels. */
export interface Timeline {
  readonly width: number;
  readonly height: number;
  readonly lanes: ReadonlyArray<{readonly y: number; readonly label: string}>;
  readonly ticks: ReadonlyArray<{readonly x: number; readonly label: string}>;
  readonly bars: readonly Bar[];
  readonly marks: readonly Mark[];
}

export interface TimelineInput {
  /** What happened at the service, oldest first. */
  readonly entries: readonly Entry[];
  /** The events of the watch in the page, oldest first. */
  readonly watched: readonly WatchEntry[];
  /** When the operation was added; labels count from then. */
  readonly addedAt: number;
  /** The end of the drawing. */
  readonly until: number;
  /** Pixels. */
  readonly width: number;
}

/** The longest period that is drawn, in milliseconds; the log has everything older. */
const longest = 120_000;
const shortest = 10_000;
const left = 62;
const right = 10;
const barHeight = 20;
const laneAt = {status: 8, polls: 38, watch: 68} as const;
const axisAt = 98;

const labelPadding = 10;
const letterWidth = 7;
const markRadius = 7;

/** What is drawn of time, and where. */
interface Scale {
  readonly begin: number;
  readonly end: number;
  readonly xOf: (at: number) => number;
}

/** Computes the positions in a timeline. Pure. */
export function layOut(input: TimelineInput): Timeline {
  const {addedAt, until, width} = input;
  const begin = Math.max(addedAt, until - longest);
  const end = Math.max(until, begin + shortest);
  const inner = Math.max(1, width - left - right);
  const xOf = (at: number): number => left + ((Math.min(Math.max(at, begin), end) - begin) / (end - begin)) * inner;
  const scale = {begin, end, xOf};
  const marks = [...serviceMarks(input, scale), ...watchMarks(input, scale)];
  return {
    width,
    height: axisAt + 22,
    lanes: [
      {y: middleOf('status'), label: 'Service'},
      {y: middleOf('polls'), label: 'Polls'},
      {y: middleOf('watch'), label: 'Watch'},
    ],
    ticks: ticksOf(begin - addedAt, end - addedAt, inner).map((time) => ({
      x: xOf(addedAt + time),
      label: elapsed(time).replace('.0 s', ' s'),
    })),
    bars: [...statusBars(input, scale), ...waitBars(input, scale)].map((bar) => ({
      ...bar,
      labelX: placeLabel(bar, marks),
    })),
    marks,
  };
}

function middleOf(lane: keyof typeof laneAt): number {
  return laneAt[lane] + barHeight / 2;
}

function barAt(from: number, to: number, y: number, {xOf}: Scale): Pick<Bar, 'x' | 'y' | 'width' | 'height'> {
  return {x: xOf(from), y, width: Math.max(2, xOf(to) - xOf(from)), height: barHeight};
}

function statusBars({entries, addedAt, until}: TimelineInput, scale: Scale): UnlabeledBar[] {
  return statuses(entries, until)
    .filter(({to}) => to >= scale.begin)
    .map(({status, from, to}) => ({
      ...barAt(from, to, laneAt.status, scale),
      kind: stateOf(status) ?? 'other',
      label: status,
      title: `${status} from ${elapsed(from - addedAt)}`,
    }));
}

function waitBars({watched, addedAt}: TimelineInput, scale: Scale): UnlabeledBar[] {
  return watched.flatMap((entry) => {
    const {at, delay, because} = entry;
    if (delay === undefined || at + delay < scale.begin || at > scale.end) return [];
    const byService = because === 'retryAfter';
    return {
      ...barAt(at, at + delay, laneAt.watch, scale),
      kind: byService ? 'throttle' : 'wait',
      label: byService ? 'Retry-After' : (because ?? 'retry'),
      title: watchLineOf(entry, addedAt).text,
    };
  });
}

function serviceMarks({entries, addedAt}: TimelineInput, {begin, xOf}: Scale): Mark[] {
  return entries.flatMap((entry): Mark[] => {
    const {at, answer} = entry;
    if (at < begin) return [];
    const title = lineOf(entry, addedAt).text;
    if (answer === undefined) return [{x: xOf(at), y: middleOf('status'), kind: 'change', title}];
    return [{x: xOf(at), y: middleOf('polls'), kind: problemOf(answer) ?? 'ok', title}];
  });
}

function watchMarks({watched, addedAt}: TimelineInput, {begin, xOf}: Scale): Mark[] {
  return watched.flatMap((entry): Mark[] => {
    const {at, type} = entry;
    if (at < begin || type === 'waiting' || type === 'retrying') return [];
    const kind = type === 'abandoned' ? 'trouble' : type === 'polled' ? 'ok' : 'change';
    return [{x: xOf(at), y: middleOf('watch'), kind, title: watchLineOf(entry, addedAt).text}];
  });
}

/** The first place in a bar for a label that neither ends outside of it nor lies under a mark. */
function placeLabel({label, x, y, width, height}: UnlabeledBar, marks: readonly Mark[]): number | undefined {
  const end = x + width - 2;
  const inLane = marks.filter((mark) => mark.y === y + height / 2).map((mark) => mark.x);
  const length = label.length * letterWidth;
  const begins = [x, ...inLane.filter((mark) => mark >= x && mark <= end).sort((one, other) => one - other)];
  return begins
    .map((begin) => begin + labelPadding)
    .find(
      (begin) =>
        begin + length <= end &&
        !inLane.some((mark) => mark > begin - markRadius && mark < begin + length + markRadius),
    );
}

/** The periods in which the operation had the same status. */
function statuses(entries: readonly Entry[], until: number): Array<{status: string; from: number; to: number}> {
  const spans: Array<{status: string; from: number; to: number}> = [];
  for (const {at, status, changed} of entries) {
    const latest = spans.at(-1);
    if (latest !== undefined && !changed) continue;
    if (latest !== undefined) latest.to = at;
    spans.push({status, from: at, to: Math.max(at, until)});
  }
  return spans;
}

const steps = [1, 2, 5, 10, 20, 30, 60];

/** Round times with room for their labels, in milliseconds. */
function ticksOf(from: number, to: number, pixels: number): number[] {
  const room = Math.max(1, Math.floor(pixels / 70));
  const step = (steps.find((each) => (to - from) / (each * 1000) <= room) ?? 60) * 1000;
  const ticks: number[] = [];
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) ticks.push(time);
  return ticks;
}
