import {InvalidResumeTokenError} from '../operation/errors.ts';
import type {OperationEvent, OperationEventType} from '../operation/events.ts';
import {writeResumeToken} from '../operation/resume-token.ts';
import {isOver, type WatchState} from '../operation/state.ts';
import type {Settings} from '../options/settings.ts';
import {type OutcomeJson, writeOutcome} from '../runner/outcome-json.ts';
import {type HeldStep, type OriginHold, stepUnlessHeld} from '../runner/step-unless-held.ts';
import {now as processNow} from '../shared/clock.ts';
import type {Listeners} from '../shared/listeners.ts';
import {asError} from './engine-options.ts';
import {type OperationJob, readJobToken, writeJobToken} from './job.ts';
import {JobSkippedError} from './job-skipped-error.ts';
import type {QueuedEventOf} from './operation-events.ts';
import {OriginHeldError} from './origin-held-error.ts';
import type {OriginHolds} from './origin-holds.ts';
import type {Wait} from './poll-worker.ts';
import type {Publisher} from './publisher.ts';
import type {RedisClock} from './redis-clock.ts';
import type {Skips} from './skips.ts';
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
  /** Waits for the other jobs that have just come in. Returns the origins that are held, and until when by the clock. */
  readonly coalesced: () => Promise<ReadonlyMap<string, number>>;
  readonly clock: Pick<RedisClock, 'now' | 'wallOffset'>;
  readonly holds: Pick<OriginHolds, 'hold' | 'addJob'>;
  readonly skips: Pick<Skips, 'add'>;
  /** How long a job's lock lasts without being renewed, in milliseconds. */
  readonly lockDuration: number;
  readonly settings: Pick<WorkerSettings, 'of'>;
  readonly publisher: Pick<Publisher, 'publish'>;
  /** Listeners in this process to the polls that it makes. */
  readonly listeners: Listeners<WorkerEvent>;
  /** Hands back the polls that are still under way. */
  readonly signal: AbortSignal;
  readonly onError: (error: Error) => void;
}

type Job = Pick<OperationJob, 'id' | 'data'> & {readonly processedOn?: number | undefined};
type Readable = {readonly state: WatchState; readonly settings: Settings};
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
export async function pollJob(io: JobIo, job: Job, lock: string | undefined): Promise<OutcomeJson | Wait> {
  const {id} = job;
  if (id === undefined || lock === undefined) throw new TypeError('BullMQ gave no lock for the job');
  const origins = await io.coalesced();
  const now = io.clock.now();
  const read = readJob(io, id, job);
  if ('skipped' in read) {
    const {rest, isWorthReporting} = io.skips.add(id, read.dueAt, processNow());
    if (isWorthReporting) io.onError(read.skipped);
    return {dueAt: now + rest, token: undefined, isSkipped: true};
  }
  const {state} = read;
  const unchanged: Wait = {dueAt: state.dueAt, token: undefined};
  // This process was stopped since it took the job: by now the lock, and the poll, may be another worker's.
  if (job.processedOn !== undefined && Date.now() - job.processedOn >= io.lockDuration) return unchanged;
  // Too early by another machine's clock or by a manual promotion: the service or the schedule has set the wait. The wait of a
  // job that was held is over when no hold of its origin is left.
  if (!isOver(state) && Math.ceil(state.dueAt) > now && job.data.held !== true) return unchanged;
  const {origin} = new URL(state.location);
  const emit = (events: readonly OperationEvent[], askedAt: number | undefined): void => {
    if (io.listeners.isEmpty) return;
    const by = {protocol: state.protocol, startedAt: state.startedAt, data: job.data.data};
    // A poll that is held back has not asked yet.
    const isHeld = (event: OperationEvent): boolean => event.type === 'waiting' && event.because === 'heldBack';
    for (const event of events) {
      io.listeners.emit(Object.freeze({...event, id, ...by, askedAt: isHeld(event) ? undefined : askedAt}));
    }
  };
  const queueHold = isOver(state) ? undefined : origins.get(origin);
  const taken = await tryStep(io, read, queueHold);
  if (taken === undefined) return unchanged;
  const {step, events, hold} = taken;
  const heldUntil = await holdOrigin(io, hold);
  const askedAt = queueHold === undefined && step !== undefined && step.state.attempt > state.attempt ? now : undefined;
  // Before anything that can go wrong: the poll was made, even if it has to be made again.
  emit(events, askedAt);
  const dueAt = Math.min(heldUntil ?? state.dueAt, state.deadlineAt ?? Number.POSITIVE_INFINITY);
  if (step === undefined) {
    await io.holds.addJob(origin, id);
    return {dueAt, token: undefined};
  }
  // Published before it is stored: a worker killed in between publishes it twice rather than never.
  if (hasNews(step)) await io.publisher.publish(id, step);
  if ('outcome' in step.next) return writeOutcome(step.next.outcome, writeResumeToken(step.state));
  const token = writeJobToken(step.state);
  if (heldUntil === undefined) return {dueAt: step.state.dueAt, token};
  await io.holds.addJob(origin, id);
  return {dueAt, token, held: true};
}

function readJob(
  {settings}: JobIo,
  id: string,
  job: Job,
): Readable | {readonly skipped: JobSkippedError; readonly dueAt: number | undefined} {
  let dueAt: number | undefined;
  try {
    const state = readJobToken(job.data?.token);
    ({dueAt} = state);
    return settings.of(id, state);
  } catch (error) {
    if (error instanceof JobSkippedError) return {skipped: error, dueAt};
    if (!(error instanceof InvalidResumeTokenError)) throw error;
    return {skipped: new JobSkippedError(error.message, id, 'invalidToken'), dueAt};
  }
}

/** The step. @returns `undefined` when the worker closes before the answer is there */
async function tryStep(
  {signal, clock}: JobIo,
  read: Readable,
  heldUntil: number | undefined,
): Promise<HeldStep | undefined> {
  try {
    return await stepUnlessHeld(read, clock, {signal, heldUntil});
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** Until when an origin is held, for all workers where the service has just asked for it. */
async function holdOrigin({holds, onError}: JobIo, hold: OriginHold | undefined): Promise<number | undefined> {
  if (hold?.retryAfter === undefined) return hold?.until;
  const {origin, retryAfter} = hold;
  try {
    const {until, isNew} = await holds.hold(origin, retryAfter);
    if (isNew) onError(new OriginHeldError(origin, until, retryAfter));
    return until;
  } catch (error) {
    // The answer itself must not get lost by it.
    onError(asError(error));
    return undefined;
  }
}
