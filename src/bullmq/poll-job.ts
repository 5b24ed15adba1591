import {DelayedError} from 'bullmq';
import {InvalidResumeTokenError} from '../errors.ts';
import {poll, type Question, type Report} from '../poll.ts';
import {type ResumeToken, readResumeToken, writeResumeToken} from '../resume-token.ts';
import {isOver, type WatchState} from '../state.ts';
import {advance, type Step} from '../step.ts';
import {type JobResult, type OperationJob, writeResult} from './job.ts';
import {LeftAloneError} from './left-alone-error.ts';
import type {Publisher} from './publisher.ts';
import {tellsMore} from './step-json.ts';
import type {WorkerSettings} from './worker-settings.ts';

/** What it takes to poll a job. */
export interface JobIo {
  /** Moves a job to those that wait; where a token is given, that one goes into the job in the same moment. */
  readonly delay: (job: OperationJob, dueAt: number, lock: string, token?: ResumeToken) => Promise<unknown>;
  /** Waits for the other jobs that have just come. */
  readonly gathered: () => Promise<void>;
  readonly settings: WorkerSettings;
  readonly publisher: Publisher;
  /** Hands the polls back that are still under way. */
  readonly signal: AbortSignal;
  /** The service refuses all requests for so many milliseconds. */
  readonly throttled: (retryAfter: number) => Promise<void>;
  readonly onError: (error: Error) => void;
}

const shortestRest = 1000;
const longestRest = 60_000;

/**
 * Polls a job's operation once: takes the step from the token in the job, puts the new token there, and lets BullMQ wait.
 *
 * A worker that dies on the way loses nothing: the job goes to another one, which takes the step again from the token that
 * is there. Asking is a GET.
 *
 * @param lock the lock's token, without which BullMQ would neither check the lock nor say so
 * @returns what the job completes with when watching is over
 * @throws DelayedError when the job waits again; anything else is trouble of the infrastructure, and BullMQ tries again
 */
export async function pollJob(io: JobIo, job: OperationJob, lock: string | undefined): Promise<JobResult> {
  const {id} = job;
  if (id === undefined || lock === undefined) throw new TypeError('BullMQ gave no lock for the job');
  await io.gathered();
  const read = tryRead(io, id, job);
  if ('leftAlone' in read) {
    io.onError(read.leftAlone);
    return await waitUntil(io, Date.now() + read.rest, job, lock);
  }
  const {state} = read;
  // The clock of another machine, or somebody who promoted the job: the wait is the service's, or the schedule's.
  if (!isOver(state) && Math.ceil(state.dueAt) > Date.now()) return await waitUntil(io, state.dueAt, job, lock);
  const step = await take(io, read);
  if (step === undefined) return await waitUntil(io, state.dueAt, job, lock);
  // First told, then done: who is killed in between tells it again rather than never.
  if (tellsMore(step)) await io.publisher.publish(id, step);
  if ('outcome' in step.next) return writeResult(step.state, step.next.outcome);
  return await waitUntil(io, step.state.dueAt, job, lock, writeResumeToken(step.state));
}

type Read =
  | {readonly state: WatchState; readonly settings: ReturnType<WorkerSettings['of']>['settings']}
  | {readonly leftAlone: LeftAloneError; readonly rest: number};

function tryRead(io: JobIo, id: string, job: OperationJob): Read {
  let dueAt = job.timestamp;
  try {
    const state = readResumeToken(job.data.token);
    ({dueAt} = state);
    return io.settings.of(id, state);
  } catch (error) {
    // The longer nobody has polled it, the longer it rests.
    const rest = Math.min(longestRest, Math.max(shortestRest, Date.now() - dueAt));
    if (error instanceof LeftAloneError) return {leftAlone: error, rest};
    if (!(error instanceof InvalidResumeTokenError)) throw error;
    return {leftAlone: new LeftAloneError(`Job ${id} was left alone: ${error.message}`, id, 'invalidToken'), rest};
  }
}

/** The step; `undefined` when the worker closes before the answer is there. */
async function take(
  io: JobIo,
  {state, settings}: Extract<Read, {readonly state: WatchState}>,
): Promise<Step | undefined> {
  const {signal} = io;
  const ask = async (question: Question): Promise<Report> => {
    const report = await poll(settings, question);
    if (report.is === 'failure' && report.error.httpStatus === 429 && report.error.retryAfter !== undefined) {
      await io.throttled(report.error.retryAfter);
    }
    return report;
  };
  try {
    return await advance(state, {settings, poll: ask, signal}, Date.now);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

// Made once: BullMQ looks at its class only, and a stack costs more than all else here.
const delayed = new DelayedError();

async function waitUntil(
  io: JobIo,
  dueAt: number,
  job: OperationJob,
  lock: string,
  token?: ResumeToken,
): Promise<never> {
  await io.delay(job, Math.ceil(dueAt), lock, token);
  throw delayed;
}
