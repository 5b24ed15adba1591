import type {OperationStatus} from '../operation/operation.ts';
import type {Outcome} from '../operation/outcome.ts';
import {outcomeOf} from '../runner/record.ts';
import type {Turn} from '../runner/take-turn.ts';
import {isRecord} from '../shared/json.ts';

/**
 * The progress of an operation's job, as dashboards such as bull-board show it: BullMQ's `job.progress`. A job whose operation failed
 * is completed for BullMQ, which knows only whether a job did its work: this is where to see how the operation ended. It stays BullMQ's
 * `0` while all is well, the operation has not ended and its service gives no percentage.
 */
export interface JobProgress {
  /** The operation's, or that watching was given up. */
  readonly status: OperationStatus | 'abandoned';
  /** The number of the last poll, from 1. */
  readonly attempt: number;
  /** 0 to 100, where the service gives it. */
  readonly percentComplete?: number;
  /**
   * Why the last poll failed, or how the operation ended, 300 characters at most; absent while all is well. It says that `onEnd`
   * rejected, but not with what.
   */
  readonly error?: string;
}

const longestError = 300;

/**
 * Whether to store a progress with a job that is put back. One that waits and is well has none: it takes 0.14 KB of Redis, and the job's
 * data has the status and the attempt as well.
 *
 * @param before the job's progress before the turn
 */
export function isWorthStoring({error, percentComplete}: JobProgress, before: unknown): boolean {
  return error !== undefined || percentComplete !== undefined || isRecord(before);
}

/** The progress of a job after a turn. */
export function progressOf(turn: Turn): JobProgress {
  const {token} = turn.record;
  const {status = 'notStarted', percentComplete} = token.operation ?? {};
  const outcome = endOf(turn);
  const error = whyTroubled(turn, outcome)?.slice(0, longestError);
  return {
    status: outcome?.status ?? status,
    attempt: token.attempt,
    ...(percentComplete === undefined ? {} : {percentComplete}),
    ...(error === undefined ? {} : {error}),
  };
}

/** How many lines of a job's log are kept. */
export const keptLogs = 20;

// A log is a key of its own, which takes as much of Redis as a quarter of the job: an operation that goes well has none.
const unlogged: ReadonlySet<string> = new Set(['polled', 'waiting', 'progress', 'notStarted', 'running', 'succeeded']);

/** A line for a job's log; `undefined` where the progress says it all. @param at in milliseconds since 1970 */
export function logLineOf(turn: Turn, {attempt, error}: JobProgress, at: number): string | undefined {
  const news = turn.events.filter(({type}) => !unlogged.has(type)).map(({type}) => type);
  if (news.length === 0 && !('error' in turn)) return undefined;
  const parts = [news.join(', '), error].filter((part) => part !== undefined && part !== '');
  return `${new Date(at).toISOString()} poll ${attempt}: ${parts.join(': ')}`;
}

function endOf(turn: Turn): Outcome | undefined {
  if ('done' in turn) return turn.done;
  return turn.record.ended === undefined ? undefined : outcomeOf(turn.record);
}

function whyTroubled(turn: Turn, outcome: Outcome | undefined): string | undefined {
  const {record, events} = turn;
  if ('error' in turn) return `onEnd rejected, ${record.ended?.rejections ?? 0} in a row`;
  if (outcome !== undefined) return 'error' in outcome ? outcome.error.message : undefined;
  return events.findLast((event) => event.type === 'retrying')?.error.message;
}
