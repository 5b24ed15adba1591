import {WatchTimeoutError} from '../operation/errors.ts';
import type {OperationEvent} from '../operation/events.ts';
import type {Outcome} from '../operation/outcome.ts';
import {readOptions} from '../options/settings.ts';
import type {OperationPoller} from '../poller.ts';
import {ownProperties} from '../shared/check-options.ts';
import type {Fields} from '../shared/json.ts';
import {escapeControls} from '../shared/printable.ts';
import {exitCodes, toCliError} from './cli-error.ts';
import {floorToSeconds, formatDuration} from './duration.ts';
import {eventJson} from './event-json.ts';
import {LiveLine} from './live-line.ts';
import {initialProgress, liveSegments, logLine, type Progress, updateProgress} from './progress.ts';
import {interruptionOf, type Shell} from './shell.ts';
import {type Colorize, colorsFor, jsonLine} from './terminal.ts';

export interface ReporterOptions {
  /** Everything as JSON to stdout, one value per line. */
  readonly json?: boolean;
  /** No progress. */
  readonly quiet?: boolean;
  /** `false`: no colors. Default `true`. */
  readonly color?: boolean;
  /** How long a 404 is tolerated, in milliseconds: progress shows how much of that is left. Default: the library's. */
  readonly notFoundGrace?: number;
}

interface ExitDetails {
  /** The operation's final status, if it ended. */
  readonly status?: string;
  /** What the service says about it. */
  readonly detail?: string | undefined;
  /** What goes to stdout in place of the status; empty: nothing. */
  readonly output?: string;
  /** Further fields of the last line of JSON. */
  readonly fields?: Fields;
  /** What to do, where more is known than the error says. */
  readonly hint?: string;
}

/**
 * Reports progress and errors to stderr and the outcome to stdout. On a terminal, progress is a live line; anywhere else it
 * is a line for each change. As JSON, everything goes to stdout.
 */
export class Reporter {
  readonly #shell: Shell;
  readonly #json: boolean;
  readonly #quiet: boolean;
  readonly #colorize: Colorize;
  readonly #since = Date.now();
  #progress: Progress;
  #previous: OperationEvent['type'] | undefined;
  #attempt = 0;
  #live: LiveLine | undefined;

  constructor(shell: Shell, options: ReporterOptions) {
    const {json = false, quiet = false, color = true, notFoundGrace} = ownProperties(options);
    this.#shell = shell;
    this.#json = json;
    this.#quiet = quiet;
    this.#colorize = colorsFor(shell.stderr, color, shell.env);
    this.#progress = initialProgress(this.#since, readOptions({notFoundGrace}).notFoundGrace);
  }

  /** Begins the live line, where there is one. */
  start(): void {
    const {stderr, env} = this.#shell;
    if (this.#json || this.#quiet || stderr.isTTY !== true || env['TERM'] === 'dumb') return;
    this.#live = new LiveLine(stderr, this.#colorize, (now) => liveSegments(this.#progress, now));
    this.#live.draw();
  }

  /** Watches until the end and reports each event. */
  follow(poller: OperationPoller): Promise<Outcome> {
    poller.on('*', (event) => this.#event(event));
    return poller.outcome();
  }

  /** Reports success. @returns the exit code */
  succeed({detail, ...details}: ExitDetails): number {
    this.#eraseLive();
    if (!this.#json && !this.#quiet) {
      const polls = `${this.#attempt} ${this.#attempt === 1 ? 'poll' : 'polls'}`;
      const text = `succeeded after ${polls} in ${formatDuration(Date.now() - this.#since)}`;
      this.#note(this.#colorize('good', detail === undefined ? text : `${text}, ${escapeControls(detail)}`));
    }
    return this.#exit(exitCodes.succeeded, details);
  }

  /** Reports what went wrong and what to do about it. @returns the exit code */
  fail(error: unknown, details: ExitDetails = {}): number {
    this.#eraseLive();
    const interruption = details.status === undefined ? interruptionOf(this.#shell) : undefined;
    // Whatever else failed because of an interruption, the interruption is the cause.
    const cliError = interruption ?? toCliError(error);
    const {message, exitCode} = cliError;
    const hint = details.hint ?? cliError.hint;
    // The error of a timeout does not say why; the progress knows.
    const {problem} = this.#progress;
    const last = error instanceof WatchTimeoutError && problem !== undefined ? `; last: ${problem}` : '';
    if (message !== '') this.#note(`${this.#colorize('bad', 'operation-poller:')} ${escapeControls(message + last)}`);
    if (message !== '' && hint !== '') this.#note(`  ${escapeControls(hint)}`);
    return this.#exit(exitCode, {...details, fields: {...details.fields, error: {message, hint}}});
  }

  #event(event: OperationEvent): void {
    this.#attempt = event.attempt;
    this.#progress = updateProgress(this.#progress, event);
    const previous = this.#previous;
    this.#previous = event.type;
    if (this.#json) this.#shell.stdout.write(`${jsonLine(eventJson(event))}\n`);
    else if (this.#live !== undefined) this.#live.draw();
    else if (!this.#quiet) {
      const line = logLine(event, previous, this.#progress);
      if (line !== undefined) this.#note(`${formatDuration(floorToSeconds(event.at - this.#since))}  ${line}`);
    }
  }

  #exit(exitCode: number, {status, output = status ?? '', fields}: ExitDetails): number {
    const {stdout} = this.#shell;
    if (this.#json) stdout.write(`${jsonLine({type: 'exit', exitCode, status, ...fields})}\n`);
    else if (output !== '') stdout.write(`${output}\n`);
    return exitCode;
  }

  #eraseLive(): void {
    this.#live?.end();
    this.#live = undefined;
  }

  #note(line: string): void {
    this.#shell.stderr.write(`${line}\n`);
  }
}
