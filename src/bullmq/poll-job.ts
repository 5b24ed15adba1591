import {InvalidResumeTokenError} from '../operation/errors.ts';
import type {OperationEvent, OperationEventType} from '../operation/events.ts';
import {PollError} from '../operation/poll-error.ts';
import {writeResumeToken} from '../operation/resume-token.ts';
import {isOver, type WatchState} from '../operation/state.ts';
import type {Settings} from '../options/settings.ts';
import {type PollRequest, poll, type Report} from '../polling/poll.ts';
import {type Change, type Step, step as takeStep} from '../polling/step.ts';
import {type OutcomeJson, writeOutcome} from '../runner/outcome-json.ts';
import {deriveController} from '../shared/abort.ts';
import {now as processNow} from '../shared/clock.ts';
import type {Listeners} from '../shared/listeners.ts';
import {asError} from './engine-options.ts';
import {type OperationJob, readJobToken, writeJobToken} from './job.ts';
import {JobSkippedError} from './job-skipped-error.ts';
import type {QueuedEventOf} from './operation-events.ts';
import {OriginHeldError} from './origin-held-error.ts';
import {longestHold, type OriginHolds} from './origin-holds.ts';
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
/** The step that was taken, or until when the poll is held back. */
type Taken = {readonly step: Step; readonly heldUntil: number | undefined} | {readonly heldUntil: number};

/** How long a poll waits in this process for the gate of a Graph client, in milliseconds; longer waits are the job's. */
const longestGateWait = 1000;

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
    const by: PolledBy = {protocol: state.protocol, startedAt: state.startedAt, askedAt, data: job.data.data};
    for (const event of events) io.listeners.emit(Object.freeze({...event, id, ...by}));
  };
  const heldUntil = isOver(state) ? undefined : origins.get(origin);
  const taken = await tryStep(io, read, heldUntil, emit);
  if (taken === undefined) return unchanged;
  const deadlineAt = state.deadlineAt ?? Number.POSITIVE_INFINITY;
  if (!('step' in taken)) {
    await io.holds.addJob(origin, id);
    return {dueAt: Math.min(taken.heldUntil, deadlineAt), token: undefined};
  }
  const {step} = taken;
  // Before anything that can go wrong: the poll was made, even if it has to be made again.
  emit(step.events, heldUntil === undefined && step.state.attempt > state.attempt ? now : undefined);
  // Published before it is stored: a worker killed in between publishes it twice rather than never.
  if (hasNews(step)) await io.publisher.publish(id, step);
  if ('outcome' in step.next) return writeOutcome(step.next.outcome, writeResumeToken(step.state));
  const token = writeJobToken(step.state);
  if (taken.heldUntil === undefined) return {dueAt: step.state.dueAt, token};
  await io.holds.addJob(origin, id);
  return {dueAt: Math.min(taken.heldUntil, deadlineAt), token, held: true};
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

/**
 * The step, unless its poll is held back: by the queue's hold of the origin or by the gate of this worker's Graph client. Held
 * back until the deadline, the step is taken without a poll, and gives the hold as the cause.
 *
 * @returns `undefined` when the worker closes before the answer is there
 */
async function tryStep(
  {signal, clock, holds, onError}: JobIo,
  {state, settings}: Readable,
  originHeldUntil: number | undefined,
  emit: (events: readonly OperationEvent[], askedAt: number | undefined) => void,
): Promise<Taken | undefined> {
  const {deadlineAt} = state;
  const {controller, dispose} = deriveController(signal);
  let heldUntil = originHeldUntil;
  const holdBack = (until: number): void => {
    heldUntil = Math.min(until, clock.now() + longestHold);
    controller.abort();
  };
  const pollOnce = async (request: PollRequest): Promise<Report> => {
    // Requests are limited by the clock of this process, which no wall clock moves.
    const offset = clock.now() - processNow();
    const shifted = (time: number | undefined): number | undefined => (time === undefined ? undefined : time - offset);
    const onHeldBack = (processTime: number): void => {
      const until = processTime + offset;
      request.onHeldBack?.(until);
      if (until - clock.now() > longestGateWait) holdBack(until);
    };
    if (heldUntil === undefined) {
      const {deadlineAt: end, retryUntil} = request;
      const times = {deadlineAt: shifted(end), retryUntil: shifted(retryUntil)};
      try {
        const report = await poll(settings, {...request, ...times, signal: controller, onHeldBack});
        if (report.is === 'failure') heldUntil = await holdOrigin(report.error);
        return report;
      } catch (error) {
        if (heldUntil === undefined) throw error;
      }
    } else if (deadlineAt === undefined || clock.now() < deadlineAt) {
      request.onHeldBack?.(heldUntil);
    }
    if (deadlineAt === undefined || clock.now() < deadlineAt) throw new HeldBack();
    const message = `No request was made: held back until ${new Date(heldUntil).toISOString()}`;
    return {is: 'failure', error: new PollError(message, {kind: 'timeout', transient: true})};
  };
  const holdOrigin = async ({throttled, retryAfter}: PollError): Promise<number | undefined> => {
    if (!throttled || retryAfter === undefined || retryAfter <= 0) return undefined;
    const {origin} = new URL(state.location);
    try {
      const {until, isNew} = await holds.hold(origin, retryAfter);
      if (isNew) onError(new OriginHeldError(origin, until, retryAfter));
      return until;
    } catch (error) {
      // The answer itself must not get lost by it.
      onError(asError(error));
      return undefined;
    }
  };
  // A step that is due at the deadline gives no cause.
  const held = heldUntil !== undefined && deadlineAt !== undefined;
  const from = held ? {...state, dueAt: Math.min(state.dueAt, deadlineAt - 1)} : state;
  try {
    const onChange = ({events}: Change): void => emit(events, undefined);
    const step = await takeStep(from, {settings, poll: pollOnce, signal: controller, onChange}, clock);
    return {step, heldUntil};
  } catch (error) {
    if (error instanceof HeldBack && heldUntil !== undefined) return {heldUntil};
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    dispose();
  }
}

/** Ends a step whose poll is held back. */
class HeldBack extends Error {}
