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

/** The first place in a bar for a label that neither ends outside of it nor lies under a mark. */
function placeLabel({label, ...box}: Omit<Bar, 'labelX'>, marks: readonly Mark[]): number | undefined {
  const end = box.x + box.width - 2;
  const inLane = marks.map(({x, y}) => (y === box.y + box.height / 2 ? x : Number.NaN));
  const width = label.length * letterWidth;
  const places = [box.x, ...inLane.filter((x) => x >= box.x && x <= end).sort((one, other) => one - other)];
  return places
    .map((place) => place + labelPadding)
    .find((x) => x + width <= end && !inLane.some((mark) => mark > x - markRadius && mark < x + width + markRadius));
}

/** Computes the positions in a timeline. Pure. */
export function layOut({entries, watched, addedAt, until, width}: TimelineInput): Timeline {
  const begin = Math.max(addedAt, until - longest);
  const end = Math.max(until, begin + shortest);
  const inner = Math.max(1, width - left - right);
  const xOf = (at: number): number => left + ((Math.min(Math.max(at, begin), end) - begin) / (end - begin)) * inner;
  const bar = (from: number, to: number, y: number): Pick<Bar, 'x' | 'y' | 'width' | 'height'> => {
    return {x: xOf(from), y, width: Math.max(2, xOf(to) - xOf(from)), height: barHeight};
  };
  const bars = [
    ...statuses(entries, until)
      .filter(({to}) => to >= begin)
      .map(({status, from, to}) => {
        const state = stateOf(status) ?? 'other';
        return {
          ...bar(from, to, laneAt.status),
          kind: state,
          label: status,
          title: `${status} from ${elapsed(from - addedAt)}`,
        };
      }),
    ...watched
      .filter((entry) => entry.delay !== undefined && entry.at + entry.delay >= begin && entry.at <= end)
      .map((entry) => {
        const wait = entry.delay ?? 0;
        const byService = entry.because === 'retryAfter';
        return {
          ...bar(entry.at, entry.at + wait, laneAt.watch),
          kind: byService ? 'throttle' : 'wait',
          label: byService ? 'Retry-After' : (entry.because ?? 'retry'),
          title: watchLineOf(entry, addedAt).text,
        };
      }),
  ];
  const marks = [
    ...entries.flatMap((entry): Mark[] => {
      if (entry.at < begin) return [];
      const title = lineOf(entry, addedAt).text;
      if (entry.answer === undefined) {
        return [{x: xOf(entry.at), y: laneAt.status + barHeight / 2, kind: 'change', title}];
      }
      return [{x: xOf(entry.at), y: laneAt.polls + barHeight / 2, kind: problemOf(entry.answer) ?? 'ok', title}];
    }),
    ...watched.flatMap((entry): Mark[] => {
      if (entry.at < begin || entry.type === 'waiting' || entry.type === 'retrying') return [];
      const kind = entry.type === 'abandoned' ? 'trouble' : entry.type === 'polled' ? 'ok' : 'change';
      return [{x: xOf(entry.at), y: laneAt.watch + barHeight / 2, kind, title: watchLineOf(entry, addedAt).text}];
    }),
  ];
  return {
    width,
    height: axisAt + 22,
    lanes: [
      {y: laneAt.status + barHeight / 2, label: 'Service'},
      {y: laneAt.polls + barHeight / 2, label: 'Polls'},
      {y: laneAt.watch + barHeight / 2, label: 'Watch'},
    ],
    ticks: ticksOf(begin - addedAt, end - addedAt, inner).map((time) => ({
      x: xOf(addedAt + time),
      label: elapsed(time).replace('.0 s', ' s'),
    })),
    bars: bars.map((each) => ({...each, labelX: placeLabel(each, marks)})),
    marks,
  };
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
