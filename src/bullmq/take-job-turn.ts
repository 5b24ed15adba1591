import type {IQueueBackend} from 'bullmq';
import {writeResumeToken} from '../operation/resume-token.ts';
import type {WatchState} from '../operation/state.ts';
import {wake} from '../polling/step.ts';
import {heldUntil, type OriginHold, type OriginHolds} from '../runner/origin-holds.ts';
import {type OutcomeJson, writeOutcome} from '../runner/outcome-json.ts';
import {dueAtBy, type OperationRecord, stateOf} from '../runner/record.ts';
import {RecordRefusedError} from '../runner/record-refused-error.ts';
import {type PreparedTurn, type Turn, takePreparedTurn} from '../runner/take-turn.ts';
import {emitTurn, type TakenTurn, type TurnEvent} from '../runner/turn-events.ts';
import {now as processNow, wallClock} from '../shared/clock.ts';
import type {Listeners} from '../shared/listeners.ts';
import {asError} from './as-error.ts';
import {type OperationJob, readJob, type Woken, writeJob} from './job.ts';
import {isWorthStoring, type JobProgress, keptLogs, logLineOf, progressOf} from './job-progress.ts';
import {JobSkippedError} from './job-skipped-error.ts';
import {OriginHeldError} from './origin-held-error.ts';
import type {Wait} from './poll-worker.ts';
import type {Publisher} from './publisher.ts';
import type {RedisClock} from './redis-clock.ts';
import type {RedisHolds} from './redis-holds.ts';
import type {Skips} from './skips.ts';
import {hasNews} from './turn-json.ts';

/** What the turn of a job needs from outside. */
export interface JobIo<Data = unknown> extends Required<Pick<PreparedTurn<Data>, 'resume' | 'onEnd'>> {
  /** Waits for the other jobs that have just come in. Returns the origins that are held, and until when by the clock. */
  readonly heldOrigins: () => Promise<OriginHolds>;
  readonly clock: Pick<RedisClock, 'now'>;
  readonly holds: Pick<RedisHolds, 'hold' | 'addJob'>;
  readonly skips: Pick<Skips, 'add'>;
  /** How long a job's lock lasts without being renewed, in milliseconds. */
  readonly lockDuration: number;
  readonly publisher: Pick<Publisher, 'publish'>;
  /** Shows in BullMQ what turns bring. */
  readonly backend: Pick<IQueueBackend, 'addLog' | 'updateProgress'>;
  /** Listeners in this process to the polls that it makes. */
  readonly listeners: Listeners<TurnEvent>;
  /** Hands back the jobs that are still under way. */
  readonly signal: AbortSignal;
  readonly onError: (error: Error) => void;
}

type Job<Data> = Pick<OperationJob<Data>, 'id' | 'data'> & {
  readonly processedOn?: number | undefined;
  readonly progress?: unknown;
};

/**
 * Takes the turn of a job's record: polls its operation once, or hands its end over.
 *
 * A worker that dies on the way loses nothing: the job goes to another one, which takes the turn again with the record that is
 * there.
 *
 * @param lock the lock's token, without which BullMQ would neither check the lock nor say so
 * @returns when the next turn is due and what the job holds until then, or what the job completes with
 * @throws a problem with the infrastructure, after which BullMQ tries again
 */
export async function takeJobTurn<Data>(
  io: JobIo<Data>,
  job: Job<Data>,
  lock: string | undefined,
): Promise<OutcomeJson | Wait> {
  const {id: jobId} = job;
  if (jobId === undefined || lock === undefined) throw new TypeError('BullMQ gave no lock for the job');
  const origins = await io.heldOrigins();
  const taken = await tryTurn(io, jobId, job, origins);
  if ('dueAt' in taken) return taken;
  const {before, turn} = taken;
  if ('error' in turn) io.onError(asError(turn.error));
  const until = await holdOrigin(io, turn.hold);
  const record = dueBy(turn.record, until);
  // Before anything that can go wrong: the poll was made, even if it has to be made again.
  emitTurn(io.listeners, taken);
  const progress = progressOf(turn);
  // Published before it is stored: a worker killed in between publishes it twice rather than never.
  await Promise.all([hasNews(turn.events) && io.publisher.publish(turn), show(io, jobId, turn, progress)]);
  if ('done' in turn) return writeOutcome(turn.done, record.token);
  if (turn.hold !== undefined) {
    await io.holds.addJob(turn.hold.origin, jobId, (until ?? taken.heldUntil) !== undefined);
  }
  const dueAt = Math.min(turn.dueAt, until ?? turn.dueAt);
  // What woke a job stands in it until it is written again.
  if (record === before && job.data.woken === undefined) return {dueAt};
  const stored = isWorthStoring(progress, job.progress) ? progress : undefined;
  return {dueAt, update: {job: writeJob(record, job.data.handOver), progress: stored}};
}

/** The turn, or when the job is due again where none was taken. */
async function tryTurn<Data>(
  io: JobIo<Data>,
  jobId: string,
  {data, processedOn}: Job<Data>,
  origins: OriginHolds,
): Promise<TakenTurn<Data> | Wait> {
  const {clock, lockDuration, resume, onEnd, signal} = io;
  const begunAt = processNow();
  const now = clock.now();
  let record: OperationRecord<Data> | undefined;
  try {
    record = readJob(jobId, data);
    const {handOver, woken} = data;
    if (handOver && onEnd === undefined) throw withoutOnEnd(record);
    const stored = stateOf(record);
    if (wasStoppedSince(processedOn, lockDuration, now)) return {dueAt: dueAtBy(record, now)};
    const {before, state} = wokenBy(woken, record, stored, now);
    const held = heldUntil(origins, state.location, now);
    const options = {resume, onEnd: handOver ? onEnd : undefined, signal, heldUntil: held};
    const turn = await takePreparedTurn(before, state, options, now, begunAt);
    return {before, turn, heldUntil: held, at: now};
  } catch (error) {
    const skipped = whySkipped(error, jobId, record);
    if (skipped !== undefined) return skip(io, jobId, record, skipped);
    // The worker closes before the answer is there.
    if (signal.aborted && record !== undefined) return {dueAt: dueAtBy(record, now)};
    throw error;
  }
}

/**
 * Whether this process was stopped after it took the job: by now the lock, and the poll, may be another worker's.
 *
 * @param takenAt by this machine's clock, or by Redis' where the job was taken right after a turn
 * @param now by Redis' clock
 */
function wasStoppedSince(takenAt: number | undefined, lockDuration: number, now: number): boolean {
  // By the earlier of the two clocks, no skew looks like a stop.
  return takenAt !== undefined && Math.min(now, Date.now()) - takenAt >= lockDuration;
}

function withoutOnEnd({id, token: {protocol}}: OperationRecord): JobSkippedError {
  return new JobSkippedError('it was added with handOver, and this worker has no onEnd', id, 'noOnEnd', protocol);
}

/** Why the job is left to others; `undefined` where what was thrown does not say that. */
function whySkipped(thrown: unknown, jobId: string, record: OperationRecord | undefined): JobSkippedError | undefined {
  if (thrown instanceof JobSkippedError) return thrown;
  if (!(thrown instanceof RecordRefusedError)) return undefined;
  const {why, id = jobId, reason} = thrown;
  if (reason === 'invalidRecord') return new JobSkippedError(why, id, 'invalidToken');
  return new JobSkippedError(why, id, reason, record?.token.protocol);
}

function skip(
  {skips, clock, onError}: Pick<JobIo, 'skips' | 'clock' | 'onError'>,
  jobId: string,
  record: OperationRecord | undefined,
  skipped: JobSkippedError,
): Wait {
  // As text: if somebody has edited the time into an object, that would be a new one at each skip.
  const {delay, isWorthReporting} = skips.add(jobId, JSON.stringify(record?.token.dueAt), processNow());
  if (isWorthReporting) onError(skipped);
  return {dueAt: clock.now() + delay, isSkipped: true};
}

/** A record and its state, whose wait may have been ended: by a hint as soon as the service allows, by a lifted hold at once. */
function wokenBy<Data>(
  woken: Woken | undefined,
  record: OperationRecord<Data>,
  state: WatchState,
  now: number,
): {readonly before: OperationRecord<Data>; readonly state: WatchState} {
  if (woken === undefined) return {before: record, state};
  const dueAt = Math.min(dueAtBy(record, now), now);
  const clock = wallClock(() => now);
  const due = woken === 'release' ? {...state, dueAt, notBefore: undefined} : wake(state, clock)?.state;
  if (due === undefined) return {before: record, state};
  const {fetching} = record;
  const before = {...record, token: writeResumeToken(due), ...(fetching && {fetching: {...fetching, dueAt}})};
  return {before, state: due};
}

/** Holds an origin, for all workers, where the service has just asked for it. @returns until when */
async function holdOrigin(
  {holds, onError}: Pick<JobIo, 'holds' | 'onError'>,
  hold: OriginHold | undefined,
): Promise<number | undefined> {
  if (hold?.retryAfter === undefined) return undefined;
  const {origin, retryAfter} = hold;
  try {
    const {until, isNew} = await holds.hold(origin, retryAfter);
    if (isNew) onError(new OriginHeldError(origin, until, retryAfter));
    return until;
  } catch (error) {
    // The answer itself must not be lost because of it.
    onError(asError(error));
    return undefined;
  }
}

/** A record that waits no longer than the hold of its origin. */
function dueBy<Data>(record: OperationRecord<Data>, until: number | undefined): OperationRecord<Data> {
  const {dueAt, notBefore} = record.token;
  if (until === undefined || dueAt <= until) return record;
  const wait = notBefore === undefined ? {dueAt: until} : {dueAt: until, notBefore: Math.min(notBefore, until)};
  return {...record, token: {...record.token, ...wait}};
}

/** Shows those who look at the job in BullMQ what a turn brought, beyond what is stored with the job when it is put back. */
async function show(
  {backend, clock}: Pick<JobIo, 'backend' | 'clock'>,
  jobId: string,
  turn: Turn,
  progress: JobProgress,
): Promise<void> {
  const line = logLineOf(turn, progress, clock.now());
  await Promise.all([
    line !== undefined && backend.addLog(jobId, line, keptLogs),
    'done' in turn && backend.updateProgress(jobId, progress),
  ]);
}
