import type {OperationStatus} from '../operation/operation.ts';
import type {Outcome} from '../operation/outcome.ts';
import {outcomeOf} from '../runner/record.ts';
import type {Turn} from '../runner/take-turn.ts';

/**
 * The progress of an operation's job, as dashboards such as bull-board show it: BullMQ's `job.progress`. A job whose operation failed
 * is completed for BullMQ, which knows only whether a job did its work: this is where to see how the operation ended.
 */
export interface JobProgress {
  /** The operation's, or that watching was given up. */
  readonly status: OperationStatus | 'abandoned';
  /** The number of the last poll, from 1. */
  readonly attempt: number;
  /** 0 to 100, where the service says it. */
  readonly percentComplete?: number;
  /**
   * Why the last poll failed, or how the operation ended, 300 characters at most; absent while all is well. That `onEnd` rejected
   * is said here, but not what with.
   */
  readonly error?: string;
}

const longestError = 300;

/** What a turn leaves to see. */
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

const unlogged: ReadonlySet<string> = new Set(['polled', 'waiting', 'progress']);

/** A line for a job's log; `undefined` where a turn brought nothing new. @param at in milliseconds since 1970 */
export function logLineOf(
  {events, error: rejection}: Turn,
  {attempt, error}: JobProgress,
  at: number,
): string | undefined {
  const news = events.filter(({type}) => !unlogged.has(type)).map(({type}) => type);
  if (news.length === 0 && rejection === undefined) return undefined;
  const parts = [news.join(', '), error].filter((part) => part !== undefined && part !== '');
  return `${new Date(at).toISOString()} poll ${attempt}: ${parts.join(': ')}`;
}

function endOf(turn: Turn): Outcome | undefined {
  if ('done' in turn) return turn.done;
  return turn.record.ended === undefined ? undefined : outcomeOf(turn.record);
}

function whyTroubled({record, events, error}: Turn, outcome: Outcome | undefined): string | undefined {
  if (error !== undefined) return `onEnd rejected, ${record.ended?.rejections ?? 0} in a row`;
  if (outcome !== undefined) return 'error' in outcome ? outcome.error.message : undefined;
  return events.findLast((event) => event.type === 'retrying')?.error.message;
}
