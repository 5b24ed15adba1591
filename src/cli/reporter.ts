import {WatchTimeoutError} from '../operation/errors.ts';
import type {OperationEvent} from '../operation/events.ts';
import {readOptions} from '../options/options.ts';
import {complaintOf} from './cli-error.ts';
import {showDuration} from './duration.ts';
import {eventJson, type JsonFields} from './event-json.ts';
import {exitCodes} from './exit-code.ts';
import {LiveLine} from './live-line.ts';
import {type Paint, painter} from './paint.ts';
import {beginProgress, livePieces, type Progress, plainLine, wholeSeconds, withEvent} from './progress.ts';
import {interruptionOf, type Shell} from './shell.ts';
import {jsonLine, visible} from './terminal.ts';

/** How the command tells what happens. */
export interface ReportOptions {
  /** Everything as JSON to the output, one value a line. */
  readonly json?: boolean;
  /** No progress. */
  readonly quiet?: boolean;
  /** `false`: no colours. Default `true`. */
  readonly color?: boolean;
  /** For how long 404 is no end, in milliseconds: progress tells how much of it is left. Default: the library's. */
  readonly notFoundGrace?: number;
}

/** How it ended. */
export interface Ending {
  /** The operation's last status, where it ended. */
  readonly status?: string;
  /** What the service says about it. */
  readonly detail?: string | undefined;
  /** What stdout gets in place of the status; empty: nothing. */
  readonly output?: string;
  /** What the last line of JSON has besides. */
  readonly fields?: JsonFields;
  /** What to do, where more is known than the error tells. */
  readonly hint?: string;
}

/**
 * Tells what happens: progress and complaints to stderr, the outcome to stdout. On a terminal progress is a line that
 * lives, anywhere else a line for each change; as JSON, everything goes to stdout.
 */
export class Report {
  readonly #shell: Shell;
  readonly #json: boolean;
  readonly #quiet: boolean;
  readonly #paint: Paint;
  readonly #since = Date.now();
  #progress: Progress;
  #before: OperationEvent['type'] | undefined;
  #attempt = 0;
  #live: LiveLine | undefined;

  constructor(shell: Shell, {json = false, quiet = false, color = true, notFoundGrace}: ReportOptions) {
    this.#shell = shell;
    this.#json = json;
    this.#quiet = quiet;
    this.#paint = painter(shell.stderr, color, shell.env);
    this.#progress = beginProgress(this.#since, readOptions({notFoundGrace}).notFoundGrace);
  }

  /** Begins to show progress. */
  begin(): void {
    const {stderr, env} = this.#shell;
    if (this.#json || this.#quiet || stderr.isTTY !== true || env['TERM'] === 'dumb') return;
    this.#live = new LiveLine(stderr, this.#paint, (now) => livePieces(this.#progress, now));
    this.#live.draw();
  }

  hear(event: OperationEvent): void {
    this.#attempt = event.attempt;
    this.#progress = withEvent(this.#progress, event);
    const before = this.#before;
    this.#before = event.type;
    if (this.#json) this.#shell.stdout.write(`${jsonLine(eventJson(event))}\n`);
    else if (this.#live !== undefined) this.#live.draw();
    else if (!this.#quiet) {
      const line = plainLine(event, before, this.#progress);
      if (line !== undefined) this.#note(`${showDuration(wholeSeconds(event.at - this.#since))}  ${line}`);
    }
  }

  /** Tells that it succeeded. @returns the exit code */
  succeed({detail, ...ending}: Ending): number {
    this.#end();
    if (!this.#json && !this.#quiet) {
      const took = `${this.#attempt} ${this.#attempt === 1 ? 'poll' : 'polls'} in ${showDuration(Date.now() - this.#since)}`;
      const said = detail === undefined ? '' : `, ${visible(detail)}`;
      this.#note(this.#paint('good', `succeeded after ${took}${said}`));
    }
    return this.#conclude(exitCodes.succeeded, ending);
  }

  /** Tells what went wrong and what to do about it. @returns the exit code */
  complain(error: unknown, ending: Ending = {}): number {
    this.#end();
    const interruption = ending.status === undefined ? interruptionOf(this.#shell) : undefined;
    // Whatever an interruption tore apart, it is not what went wrong.
    const {message, exitCode, hint} = interruption ?? complaintOf(error);
    const advice = ending.hint ?? hint;
    // A time-out says that no answer came; what stood in the way, the progress knows.
    const {trouble} = this.#progress;
    const last = error instanceof WatchTimeoutError && trouble !== undefined ? `; last: ${trouble}` : '';
    if (message !== '') this.#note(`${this.#paint('bad', 'operation-poller:')} ${visible(message + last)}`);
    if (message !== '' && advice !== '') this.#note(`  ${visible(advice)}`);
    return this.#conclude(exitCode, {...ending, fields: {...ending.fields, error: {message, hint: advice}}});
  }

  #conclude(exitCode: number, {status, output = status ?? '', fields}: Ending): number {
    const {stdout} = this.#shell;
    if (this.#json) stdout.write(`${jsonLine({type: 'exit', exitCode, status, ...fields})}\n`);
    else if (output !== '') stdout.write(`${output}\n`);
    return exitCode;
  }

  #end(): void {
    this.#live?.end();
    this.#live = undefined;
  }

  #note(line: string): void {
    this.#shell.stderr.write(`${line}\n`);
  }
}
