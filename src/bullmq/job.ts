import {createHash, randomBytes} from 'node:crypto';
import type {Job} from 'bullmq';
import {InvalidResumeTokenError} from '../operation/errors.ts';
import {checkString, type OutcomeJson} from '../runner/outcome-json.ts';
import type {OperationRecord} from '../runner/record.ts';
import {RecordRefusedError} from '../runner/record-refused-error.ts';
import {hasForm} from '../shared/check-options.ts';
import {isRecord} from '../shared/json.ts';
import {type JobToken, readJobToken, writeJobToken} from './job-token.ts';

/** A record as a job holds it, and what the worker has to know besides. */
export interface JobData<Data = unknown> extends Omit<OperationRecord<Data>, 'version' | 'key' | 'token'> {
  /** The part of the record's id that follows the job's. */
  readonly id: string;
  /** Absent where it is the location. */
  readonly key?: string;
  readonly token: JobToken;
  /** Whether `onEnd` is to be called. */
  readonly handOver?: true;
  readonly woken?: Woken;
}

/** What ended the wait early: a hint that the operation may have changed, or that the hold of its origin was lifted. */
export type Woken = 'hint' | 'release';

/** A watched operation as a job of BullMQ. */
export type OperationJob<Data = unknown, Result = OutcomeJson | null> = Job<JobData<Data>, Result, string>;

export interface JobReference {
  readonly jobId: string;
  /** Where the operation's id was given: another watch of the same key is not meant. */
  readonly id?: string | undefined;
}

/** The part of an id that follows the job's. */
const idPart = /^[\w-]+$/;
const idPattern = /^(op-[\w-]{22})(?:\.[\w-]+)?$/;

/**
 * The job of an operation, by its key or its id. The same key gives the same job, so that it is one job however often it is
 * added. BullMQ's ids contain no `:` and are no whole numbers.
 */
export function jobOf(keyOrId: string): JobReference {
  checkString('key', keyOrId);
  const [id, jobId] = idPattern.exec(keyOrId) ?? [];
  if (jobId !== undefined) return {jobId, id: id === jobId ? undefined : id};
  return {jobId: `op-${createHash('sha256').update(keyOrId).digest('base64url').slice(0, 22)}`};
}

/** Whether a string is taken for an id, so that it names another job than a key would. */
export function isId(text: string): boolean {
  return idPattern.test(text);
}

export function createId(jobId: string): string {
  return `${jobId}.${randomBytes(6).toString('base64url')}`;
}

export function writeJob<Data>(
  {version, id, key, token, ...others}: OperationRecord<Data>,
  handOver = false,
): JobData<Data> {
  return {
    id: id.slice(id.indexOf('.') + 1),
    ...(key === token.location ? {} : {key}),
    token: writeJobToken(token),
    ...(handOver && {handOver}),
    ...others,
  };
}

/**
 * The record that a job holds. Whoever can write to Redis may have put anything there: it is checked where it is used, as
 * any record is.
 *
 * @throws RecordRefusedError when it holds none
 */
export function readJob<Data>(jobId: string, job: JobData<Data>): OperationRecord<Data> {
  const token = isRecord(job) ? readJobToken(job.token) : undefined;
  if (token === undefined) throw new RecordRefusedError('token: there is none', jobId, 'invalidRecord');
  const {id, key = token.location, token: _, handOver, woken, ...others} = job;
  if (!hasForm(id, idPart))
    throw new RecordRefusedError('id: it is not one that a queue makes', jobId, 'invalidRecord');
  return {version: 1, id: `${jobId}.${id}`, key, token, ...others};
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
    if (error instanceof RecordRefusedError) throw new InvalidResumeTokenError(error.message, {cause: error});
    if (!(error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new InvalidResumeTokenError(`Invalid resume token: job ${id} cannot be read`, {cause: error});
  }
}
