import {InvalidResumeTokenError} from '../operation/errors.ts';
import {isOver, type WatchState} from '../operation/state.ts';
import {type PollRequest, poll, type Report} from '../polling/poll.ts';
import {type Step, step as takeStep} from '../polling/step.ts';
import type {Listeners} from '../shared/listeners.ts';
import {type JobResult, type OperationJob, readJobToken, writeJobToken, writeResult} from './job.ts';
import {JobSkippedError} from './job-skipped-error.ts';
import type {Wait} from './poll-worker.ts';
import type {Publisher} from './publisher.ts';
import {tellsMore} from './step-json.ts';
import {tellPoll, type WorkerEvent} from './worker-events.ts';
import type {WorkerSettings} from './worker-settings.ts';

/** What it takes to poll a job. */
export interface JobIo {
  /** Waits for the other jobs that have just come. */
  readonly gathered: () => Promise<void>;
  readonly settings: WorkerSettings;
  readonly publisher: Publisher;
  /** Those in this process that hear of the polls it makes. */
  readonly listeners: Listeners<WorkerEvent>;
  /** Hands the polls back that are still under way. */
  readonly signal: AbortSignal;
  /** The service refuses all requests for so many milliseconds. */
  readonly throttled: (retryAfter: number) => Promise<void>;
  readonly onError: (error: Error) => void;
}

const shortestRest = 1000;
const longestRest = 60_000;

/**
 * Polls a job's operation once: takes the step from the token in the job.
 *
 * A worker that dies on the way loses nothing: the job goes to another one, which takes the step again from the token that
 * is there. Asking is a GET.
 *
 * @param lock the lock's token, without which BullMQ would neither check the lock nor say so
 * @returns when to poll again and the token to go on from, or what the job completes with when watching is over
 * @throws trouble of the infrastructure, after which BullMQ tries again
 */
export async function pollJob(
  io: JobIo,
  job: Pick<OperationJob, 'id' | 'data' | 'timestamp'>,
  lock: string | undefined,
): Promise<JobResult | Wait> {
  const {id} = job;
  if (id === undefined || lock === undefined) throw new TypeError('BullMQ gave no lock for the job');
  await io.gathered();
  const read = tryRead(io, id, job);
  if ('leftAlone' in read) {
    io.onError(read.leftAlone);
    return {dueAt: Date.now() + read.rest, token: undefined};
  }
  const {state} = read;
  const again: Wait = {dueAt: state.dueAt, token: undefined};
  // The clock of another machine, or somebody who promoted the job: the wait is the service's, or the schedule's.
  const now = Date.now();
  if (!isOver(state) && Math.ceil(state.dueAt) > now) return again;
  const step = await take(io, read);
  if (step === undefined) return again;
  // Before anything that can go wrong: the poll was made, even if it has to be made again.
  if (!io.listeners.isEmpty) {
    const {protocol, startedAt, attempt} = state;
    const askedAt = step.state.attempt > attempt ? now : undefined;
    tellPoll(io.listeners, id, {protocol, startedAt, askedAt, data: job.data.data}, step);
  }
  // First told, then done: who is killed in between tells it again rather than never.
  if (tellsMore(step)) await io.publisher.publish(id, step);
  if ('outcome' in step.next) return writeResult(step.state, step.next.outcome);
  return {dueAt: step.state.dueAt, token: writeJobToken(step.state)};
}

type Read =
  | {readonly state: WatchState; readonly settings: ReturnType<WorkerSettings['of']>['settings']}
  | {readonly leftAlone: JobSkippedError; readonly rest: number};

function tryRead(io: JobIo, id: string, job: Pick<OperationJob, 'data' | 'timestamp'>): Read {
  let dueAt = job.timestamp;
  try {
    const state = readJobToken(job.data.token);
    ({dueAt} = state);
    return io.settings.of(id, state);
  } catch (error) {
    // The longer nobody has polled it, the longer it rests.
    const rest = Math.min(longestRest, Math.max(shortestRest, Date.now() - dueAt));
    if (error instanceof JobSkippedError) return {leftAlone: error, rest};
    if (!(error instanceof InvalidResumeTokenError)) throw error;
    return {leftAlone: new JobSkippedError(`Job ${id} was left alone: ${error.message}`, id, 'invalidToken'), rest};
  }
}

/** The step; `undefined` when the worker closes before the answer is there. */
async function take(
  io: JobIo,
  {state, settings}: Extract<Read, {readonly state: WatchState}>,
): Promise<Step | undefined> {
  const {signal} = io;
  const ask = async (request: PollRequest): Promise<Report> => {
    const report = await poll(settings, request);
    if (report.is === 'failure' && report.error.throttled && report.error.retryAfter !== undefined) {
      await io.throttled(report.error.retryAfter);
    }
    return report;
  };
  try {
    return await takeStep(state, {settings, poll: ask, signal}, Date.now);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
