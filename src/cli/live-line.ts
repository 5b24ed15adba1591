import {clearLine, cursorTo} from 'node:readline';
import type {Paint} from './paint.ts';
import type {Piece} from './progress.ts';
import type {Output} from './shell.ts';

const redrawEvery = 200;
const usualWidth = 80;

/** One line at the bottom of a terminal that is drawn anew as time passes. It hides no cursor, so there is nothing to restore. */
export class LiveLine {
  readonly #output: Output;
  readonly #paint: Paint;
  readonly #pieces: (now: number) => readonly Piece[];
  readonly #timer: ReturnType<typeof setInterval>;
  #drawn = '';

  /** @param pieces what the line says at a moment; ASCII alone, since columns are counted */
  constructor(output: Output, paint: Paint, pieces: (now: number) => readonly Piece[]) {
    this.#output = output;
    this.#paint = paint;
    this.#pieces = pieces;
    this.#timer = setInterval(() => this.draw(), redrawEvery);
  }

  draw(): void {
    // A line that is full wraps, and could not be taken back.
    const line = fitted(this.#pieces(Date.now()), (this.#output.columns ?? usualWidth) - 1)
      .map(([style, text]) => this.#paint(style, text))
      .join('');
    if (line === this.#drawn) return;
    this.#drawn = line;
    cursorTo(this.#output, 0);
    this.#output.write(line);
    clearLine(this.#output, 1);
  }

  /** Takes the line away for good. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#drawn === '') return;
    cursorTo(this.#output, 0);
    clearLine(this.#output, 1);
  }
}

const gap = '  ';

/** The pieces with gaps between them, cut to a width. */
export function fitted(pieces: readonly Piece[], width: number): readonly Piece[] {
  const line: Piece[] = [];
  let left = width;
  for (const [style, text] of pieces) {
    const spaced = line.length === 0 ? text : gap + text;
    if (left <= 0) break;
    line.push([style, spaced.slice(0, left)]);
    left -= spaced.length;
  }
  return line;
}
