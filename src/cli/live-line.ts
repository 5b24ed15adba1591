import {clearLine, cursorTo} from 'node:readline';
import type {Output} from './shell.ts';
import {type Colorize, columnsOf, type Style} from './terminal.ts';

const redrawInterval = 200;
const gap = '  ';

/** A part of the live line. */
export interface LineSegment {
  readonly style: Style;
  readonly text: string;
  /** Where there is no room for all, those with the highest rank are left out. */
  readonly rank: number;
}

/** Joins segments with gaps. Where they are too long for a width, those that matter least are left out; the last one is cut. */
function fitLine(segments: readonly LineSegment[], width: number): readonly LineSegment[] {
  const kept = segments.toSorted((one, other) => one.rank - other.rank);
  const length = (): number => kept.reduce((sum, {text}) => sum + gap.length + text.length, -gap.length);
  while (kept.length > 1 && length() > width) kept.pop();
  return segments
    .filter((segment) => kept.includes(segment))
    .map((segment, index) => ({...segment, text: (index === 0 ? segment.text : gap + segment.text).slice(0, width)}));
}

/** One line at the bottom of a terminal, redrawn as time passes. It does not hide the cursor, so there is nothing to restore. */
export class LiveLine {
  readonly #output: Output;
  readonly #colorize: Colorize;
  readonly #segments: (now: number) => readonly LineSegment[];
  readonly #timer: ReturnType<typeof setInterval>;
  #drawn = '';

  /** @param segments the content at a moment; ASCII only, since columns are counted */
  constructor(output: Output, colorize: Colorize, segments: (now: number) => readonly LineSegment[]) {
    this.#output = output;
    this.#colorize = colorize;
    this.#segments = segments;
    this.#timer = setInterval(() => this.draw(), redrawInterval);
  }

  draw(): void {
    // A full line wraps, and could not be erased.
    const line = fitLine(this.#segments(Date.now()), columnsOf(this.#output) - 1)
      .map(({style, text}) => this.#colorize(style, text))
      .join('');
    if (line === this.#drawn) return;
    this.#drawn = line;
    cursorTo(this.#output, 0);
    this.#output.write(line);
    clearLine(this.#output, 1);
  }

  /** Erases the line for good. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#drawn === '') return;
    cursorTo(this.#output, 0);
    clearLine(this.#output, 1);
  }
}
