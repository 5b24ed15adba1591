import {InvalidResumeTokenError} from '../operation/errors.ts';
import type {OperationEvent, OperationEventType} from '../operation/events.ts';
import {isOver, type WatchState} from '../operation/state.ts';
import type {Settings} from '../options/settings.ts';
import {byProcessClock, type PollRequest, poll, type Report} from '../polling/poll.ts';
import {type Step, step as takeStep} from '../polling/step.ts';
import {wallClock} from '../shared/clock.ts';
import type {Listeners} from '../shared/listeners.ts';
import {type JobResult, type OperationJob, readJobToken, writeJobToken, writeResult} from './job.ts';
import {JobSkippedError} from './job-skipped-error.ts';
import type {QueuedEventOf} from './operation-events.ts';
import type {Wait} from './poll-worker.ts';
import type {Publisher} from './publisher.ts';
import {hasNews} from './step-json.ts';
import type {WorkerSettings} from './worker-settings.ts';

/** What a worker knows of the poll that an event comes from. */
export interface PolledBy {
  /** The protocol's name. */
  readonly protocol: string;
  /** When watching began, in whatever process, in milliseconds since 1970. */
  readonly startedAt: number;
  /**
   * When the worker began the poll, in milliseconds since 1970: a Graph client may hold the request back for a while after
   * that. `undefined` where no request was made, because the deadline had passed.
   */
  readonly askedAt: number | undefined;
  /** What was added with the operation, not a copy: do not change it. */
  readonly data: unknown;
}

/** An event of a worker by its name; `'*'` is any. */
export type WorkerEventOf<Type extends OperationEventType | '*'> = QueuedEventOf<Type> & PolledBy;

/** Any event of a worker. */
export type WorkerEvent = OperationEvent & {readonly id: string} & PolledBy;

/** What polling a job needs from outside. */
export interface JobIo {
  /** Waits for the other jobs that have just come in. */
  readonly coalesced: () => Promise<void>;
  readonly settings: Pick<WorkerSettings, 'of'>;
  readonly publisher: Pick<Publisher, 'publish'>;
  /** Listeners in this process to the polls that it makes. */
  readonly listeners: Listeners<WorkerEvent>;
  /** Hands back the polls that are still under way. */
  readonly signal: AbortSignal;
  /** Called when the service refuses all requests for so many milliseconds. */
  readonly throttle: (retryAfter: number) => Promise<void>;
  readonly onError: (error: Error) => void;
}

type Job = Pick<OperationJob, 'id' | 'data' | 'timestamp'>;
type Readable = {readonly state: WatchState; readonly settings: Settings};

const shortestSkip = 1000;
const longestSkip = 60_000;

/**
 * Polls a job's operation once: takes the step from the token in the job.
 *
 * A worker that dies on the way loses nothing: the job goes to another one, which takes the step again from the token that
 * is there. A poll is a GET.
 *
 * @param lock the lock's token, without which BullMQ would neither check the lock nor say so
 * @returns when to poll again and the token to go on from, or what the job completes with when watching is over
 * @throws a problem with the infrastructure, after which BullMQ tries again
 */
export async function pollJob(io: JobIo, job: Job, lock: string | undefined): Promise<JobResult | Wait> {
  const {id} = job;
  if (id === undefined || lock === undefined) throw new TypeError('BullMQ gave no lock for the job');
  await io.coalesced();
  const read = readJob(io, id, job);
  if ('skipped' in read) {
    io.onError(read.skipped);
    return {dueAt: Date.now() + read.delay, token: undefined};
  }
  const {state} = read;
  const unchanged: Wait = {dueAt: state.dueAt, token: undefined};
  // Too early by another machine's clock or by a manual promotion: the service or the schedule has set the wait.
  const now = Date.now();
  if (!isOver(state) && Math.ceil(state.dueAt) > now) return unchanged;
  const step = await tryStep(io, read);
  if (step === undefined) return unchanged;
  // Before anything that can go wrong: the poll was made, even if it has to be made again.
  if (!io.listeners.isEmpty) {
    const {protocol, startedAt, attempt} = state;
    const askedAt = step.state.attempt > attempt ? now : undefined;
    const by: PolledBy = {protocol, startedAt, askedAt, data: job.data.data};
    for (const event of step.events) io.listeners.emit(Object.freeze({...event, id, ...by}));
  }
  // Published before it is stored: a worker killed in between publishes it twice rather than never.
  if (hasNews(step)) await io.publisher.publish(id, step);
  if ('outcome' in step.next) return writeResult(step.state, step.next.outcome);
  return {dueAt: step.state.dueAt, token: writeJobToken(step.state)};
}

function readJob(
  {settings}: JobIo,
  id: string,
  job: Job,
): Readable | {readonly skipped: JobSkippedError; readonly delay: number} {
  let dueAt = job.timestamp;
  try {
    const state = readJobToken(job.data.token);
    ({dueAt} = state);
    return settings.of(id, state);
  } catch (error) {
    // The longer nobody has polled it, the longer until it is tried again.
    const delay = Math.min(longestSkip, Math.max(shortestSkip, Date.now() - dueAt));
    if (error instanceof JobSkippedError) return {skipped: error, delay};
    if (!(error instanceof InvalidResumeTokenError)) throw error;
    return {skipped: new JobSkippedError(error.message, id, 'invalidToken'), delay};
  }
}

/** The step; `undefined` when the worker closes before the answer is there. */
async function tryStep({signal, throttle}: JobIo, {state, settings}: Readable): Promise<Step | undefined> {
  const pollOnce = async (request: PollRequest): Promise<Report> => {
    const report = await poll(settings, byProcessClock(request));
    if (report.is === 'failure' && report.error.throttled && report.error.retryAfter !== undefined) {
      await throttle(report.error.retryAfter);
    }
    return report;
  };
  try {
    return await takeStep(state, {settings, poll: pollOnce, signal}, wallClock(Date.now));
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
