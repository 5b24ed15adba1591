import {createHash} from 'node:crypto';
import type {Job} from 'bullmq';
import {InvalidResumeTokenError} from '../operation/errors.ts';
import {readResumeToken} from '../operation/read-resume-token.ts';
import {type ResumeToken, writeResumeToken} from '../operation/resume-token.ts';
import type {WatchState} from '../operation/state.ts';
import type {OutcomeJson} from '../runner/outcome-json.ts';

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

/** A watched operation as a job of BullMQ. */
export type OperationJob<Data = unknown, Result = OutcomeJson | null> = Job<JobData<Data>, Result, string>;

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

/**
 * Runs what reads a job, so that malformed content, e.g. edited by hand, gives one type of error.
 *
 * @throws InvalidResumeTokenError when the content is malformed; other errors, such as Redis' own, unchanged
 */
export async function readingJob<T>(id: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new InvalidResumeTokenError(`Invalid resume token: job ${id} cannot be read`, {cause: error});
  }
}
