import {createHash} from 'node:crypto';
import type {Job} from 'bullmq';
import {abandonError} from '../operation/abandon-error.ts';
import {InvalidResumeTokenError, UnknownStatusError} from '../operation/errors.ts';
import {endedOutcome, type Outcome} from '../operation/outcome.ts';
import {PollError, type PollErrorJson, readPollError, writePollError} from '../operation/poll-error.ts';
import {readResumeToken} from '../operation/read-resume-token.ts';
import {type ResumeToken, writeResumeToken} from '../operation/resume-token.ts';
import type {WatchState} from '../operation/state.ts';

/** The name of all our jobs. */
export const jobName = 'operation';

/**
 * A resume token as a job holds it: without its tokenOrigin where that is its location's origin, as it nearly always is. Redis
 * holds a hundred thousand of these.
 */
export type JobToken = Omit<ResumeToken, 'tokenOrigin'> & Partial<Pick<ResumeToken, 'tokenOrigin'>>;

/** What a job holds in Redis while it waits. */
export interface JobData<Data = unknown> {
  readonly token: JobToken;
  readonly data?: Data;
  /** Present where the service asked the last poll to wait: `release` ends that wait too. */
  readonly held?: true;
}

/** What a job holds when watching is over, however it ended. */
export interface JobResult {
  readonly token: ResumeToken;
  /** What led to giving up. */
  readonly cause?: PollErrorJson;
  /** The unknown word that led to giving up. */
  readonly rawStatus?: string;
}

/** A watched operation as a job of BullMQ. */
export type OperationJob<Data = unknown, Result = JobResult | null> = Job<JobData<Data>, Result, string>;

/**
 * The id of an operation's job: the same operation gives the same id, so that it is one job however often it is added.
 * BullMQ's ids contain no `:` and are no whole numbers.
 */
export function jobId(location: string, key: string | undefined): string {
  const text = key === undefined ? `location ${location}` : `key ${key}`;
  return `op-${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;
}

/** Writes a state as a job holds it. */
export function writeJobToken(state: WatchState): JobToken {
  const {tokenOrigin, ...token} = writeResumeToken(state);
  return token.location.startsWith(`${tokenOrigin}/`) ? token : {...token, tokenOrigin};
}

/**
 * Reads what {@link writeJobToken} wrote.
 *
 * @throws InvalidResumeTokenError
 */
export function readJobToken(token: JobToken | undefined): WatchState {
  // Whoever can write to Redis may have put anything there: the result is checked as any token is.
  if (typeof token?.location !== 'string' || token.tokenOrigin !== undefined) return readResumeToken(token ?? null);
  const {location} = token;
  const tokenOrigin = location.slice(0, location.indexOf('/', location.indexOf('//') + 2));
  return readResumeToken({...token, tokenOrigin});
}

/** What the job of a watch that is over completes with. */
export function writeResult(state: WatchState, outcome: Outcome): JobResult {
  const token = writeResumeToken(state);
  if (outcome.status !== 'abandoned') return {token};
  const {error} = outcome;
  return {
    token,
    ...(error.cause instanceof PollError ? {cause: writePollError(error.cause)} : {}),
    ...(error instanceof UnknownStatusError ? {rawStatus: error.rawStatus} : {}),
  };
}

/**
 * The outcome as the worker had it.
 *
 * @throws InvalidResumeTokenError
 */
export function readResult({token, cause, rawStatus}: JobResult): Outcome {
  const state = readResumeToken(token);
  const ended = endedOutcome(state);
  if (ended !== undefined) return ended;
  const {abandoned: reason, endedAt, answer, operation} = state;
  if (reason === undefined || endedAt === undefined) {
    throw new InvalidResumeTokenError('Invalid resume token: its watch is not over');
  }
  const facts = {
    answer,
    ...(cause === undefined ? {} : {cause: readPollError(cause)}),
    ...(rawStatus === undefined ? {} : {word: rawStatus}),
  };
  // As when it was given up: the error is made from the state before.
  const before = {...state, abandoned: undefined, endedAt: undefined, answer: undefined};
  return {status: 'abandoned', reason, operation, error: abandonError(reason, before, endedAt, facts)};
}

/**
 * Reads something of a job: whatever was edited by hand there is an invalid token.
 *
 * @throws InvalidResumeTokenError, and what is no error of reading, such as Redis' own
 */
export async function readingJob<T>(id: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new InvalidResumeTokenError(`Invalid resume token: job ${id} holds something else`, {cause: error});
  }
}
