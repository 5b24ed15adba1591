import {setTimeout as sleep} from 'node:timers/promises';
import {isNotConnectionError, type Span, Worker} from 'bullmq';
import type {OutcomeJson} from '../runner/outcome-json.ts';
import {now} from '../shared/clock.ts';
import {doublingDelay} from '../shared/timers.ts';
import {asError} from './as-error.ts';
import type {JobData, OperationJob} from './job.ts';
import type {JobProgress} from './job-progress.ts';
import {JobSkippedError} from './job-skipped-error.ts';
import {RedisClock} from './redis-clock.ts';
import {type RedisScript, runScript} from './redis-script.ts';
import {wakeHintedJobs} from './wake-job.ts';

/** What happens next to a job that is not done. */
export interface Wait {
  /** When it is due again, in milliseconds since 1970. */
  readonly dueAt: number;
  /** The job's data and progress from now on; absent: they stay as they were. */
  readonly update?: {readonly job: JobData; readonly progress: JobProgress | undefined};
  /** Whether another worker should get the job: this one does not ask for the next job right away, which would be the same one. */
  readonly isSkipped?: boolean;
}

type Done = OutcomeJson | Wait;

/** How long to wait after an error from Redis before asking for the next job, in milliseconds. */
const firstPause = 200;
const longestPause = 5000;
/** For how long a job is delayed that BullMQ cannot read, in milliseconds. */
const longDelay = 60_000;
/** How long to collect jobs that were put back before asking for hints about them, in milliseconds. */
const collectTime = 1;

const findLocked: RedisScript = {
  name: 'findLockedOperation',
  lua: `
    local prefix, lock, own = ARGV[1], ARGV[2], ARGV[3]
    for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
      if id ~= own and redis.call('GET', prefix .. id .. ':lock') == lock then return id end
    end
    return ''`,
};

/**
 * BullMQ's worker, extended: a job that was processed may wait again.
 *
 * BullMQ's own way is `updateData`, then `moveToDelayed`, then a `DelayedError`, after which it asks for the next job: three
 * round trips. Here it is one, which does all of it or nothing, and only while the lock is ours. Otherwise a worker that had
 * lost it would write its old token over the newer one of the worker that has the job now.
 */
export class PollWorker<Data> extends Worker<JobData<Data>, Done, string> {
  readonly clock: RedisClock = new RedisClock(this);

  /** Ends a pause when the worker closes. */
  readonly #pauseController = new AbortController();
  /** How many errors there were in a row, and when the pause after the last one was over. */
  #failures = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #hints: Promise<void> | undefined;

  // BullMQ asks again at once, whatever Redis answers: while Redis is read-only, as after a failover, that would be a busy loop.
  protected override async moveToActive(lock: string, name?: string): Promise<OperationJob<Data, Done>> {
    try {
      return await super.moveToActive(lock, name);
    } catch (error) {
      if (await this.#setAside(lock, error)) return await this.moveToActive(lock, name);
      await this.#backOff();
      throw error;
    }
  }

  // BullMQ calls it without a time after an error while it waits for a job.
  override async delay(milliseconds?: number, abortController?: Parameters<Worker['delay']>[1]): Promise<void> {
    if (milliseconds === undefined) await this.#backOff();
    else await super.delay(milliseconds, abortController);
  }

  /** Begins to take jobs. */
  start(): void {
    void this.run().catch((error: unknown) => this.emit('error', asError(error)));
  }

  override async close(force?: boolean): Promise<void> {
    this.#pauseController.abort();
    await super.close(force);
  }

  /** Ends the renewal of locks, which otherwise goes on for as long as closing waits for a client that the host shares with it. */
  async abandonLocks(): Promise<void> {
    await this.lockManager.close();
  }

  async #backOff(): Promise<void> {
    const isRepeated = now() - this.#pausedUntil < 2 * longestPause;
    this.#failures = isRepeated ? this.#failures + 1 : 1;
    const pause = doublingDelay(firstPause, longestPause, this.#failures);
    await sleep(pause, undefined, {signal: this.#pauseController.signal}).catch(() => {});
    this.#pausedUntil = now();
  }

  protected override async handleCompleted(
    done: Done,
    job: OperationJob<Data, Done>,
    lock: string,
    wantsNext: () => boolean = () => true,
    span?: Span,
  ): Promise<OperationJob<Data, Done>> {
    try {
      if (!('dueAt' in done)) return await super.handleCompleted(done, job, lock, wantsNext, span);
      return await this.#putBack(done, job, lock, wantsNext);
    } catch (error) {
      // The job itself is done: BullMQ cannot read the next one.
      if (!(await this.#setAside(lock, error, job.id))) throw error;
      return await this.nextJobFromJobData();
    }
  }

  /** @throws Error when the lock is no longer ours */
  async #putBack(
    {dueAt, update, isSkipped}: Wait,
    {id = ''}: OperationJob<Data, Done>,
    lock: string,
    wantsNext: () => boolean,
  ): Promise<OperationJob<Data, Done>> {
    // A worker that is closing takes no more jobs: nobody would poll them.
    const fetchNext = isSkipped !== true && wantsNext() && !this.paused && this.closing === undefined;
    const time = this.clock.now();
    const next = await this.backend.moveToDelayed(id, time, Math.max(0, Math.ceil(dueAt) - time), lock, {
      // A wait is no attempt.
      skipAttempt: true,
      fetchNext,
      ...(update && {
        fieldsToUpdate: {
          data: JSON.stringify(update.job),
          ...(update.progress && {progress: JSON.stringify(update.progress)}),
        },
      }),
    });
    this.#hints ??= this.#takeHints();
    // The connection is about to close.
    if (this.closing !== undefined) await this.#hints;
    const [nextData, nextId] = next ?? [];
    if (typeof nextData === 'object' && nextData !== null) return await this.nextJobFromJobData(nextData, nextId, lock);
    // Makes BullMQ wait until Redis has a job for it.
    if (!fetchNext) return await this.nextJobFromJobData();
    // There is no next job, and moveToActive finds out when there will be.
    try {
      return await this.moveToActive(lock, this.opts.name);
    } catch (error) {
      // The job itself is done.
      this.emit('error', asError(error));
      return await this.nextJobFromJobData();
    }
  }

  /**
   * Delays a job that BullMQ took and cannot read, because somebody edited it: it would be taken again and again, and each time hold
   * up all others.
   *
   * @param own the job that had the lock before
   * @returns whether there is one
   */
  async #setAside(lock: string, thrown: unknown, own = ''): Promise<boolean> {
    const error = asError(thrown);
    // Redis' answer was lost: nothing is wrong with the job.
    if (!isNotConnectionError(error)) return false;
    try {
      const id = await runScript<string>(this, findLocked, ['active'], [this.toKey(''), lock, own]);
      if (id === '') return false;
      await this.backend.moveToDelayed(id, this.clock.now(), longDelay, lock, {skipAttempt: true});
      this.emit('error', new JobSkippedError(`BullMQ cannot read it: ${error.message}`, id, 'invalidToken'));
      return true;
    } catch {
      // Redis cannot answer this either, e.g. while it runs a script: the first error is the one to report.
      return false;
    }
  }

  // One command for all jobs that were put back within a millisecond.
  async #takeHints(): Promise<void> {
    await sleep(collectTime);
    this.#hints = undefined;
    try {
      await wakeHintedJobs(this);
    } catch (error) {
      // Another worker takes them.
      if (this.closing === undefined) this.emit('error', asError(error));
    }
  }
}
