import {setTimeout as sleep} from 'node:timers/promises';
import type {Queue} from 'bullmq';
import {now} from '../shared/clock.ts';
import {asError} from './as-error.ts';
import {chunksOf} from './chunks.ts';
import type {Engine} from './engine-options.ts';
import {type RedisScript, runScript} from './redis-script.ts';

/** How often Redis is asked about all jobs, in milliseconds. */
const interval = 3000;
/** How long new jobs are collected before Redis is asked about them for the first time, in milliseconds. */
const collectTime = 50;
/** How many jobs Redis is asked about at once. */
const checkSize = 1000;
/**
 * How many jobs are also read in an interval, in turn: what they hold may be malformed, and one that was removed may have been
 * added again.
 */
const maxReads = 50;

// A thousand jobs in three commands of Redis, as long as none is gone.
const findEnded: RedisScript = {
  name: 'findEndedOperations',
  lua: `
    local prefix = table.remove(ARGV, 1)
    local completed = redis.call('ZMSCORE', KEYS[1], unpack(ARGV))
    local failed = redis.call('ZMSCORE', KEYS[2], unpack(ARGV))
    local keys = {}
    for index, id in ipairs(ARGV) do keys[index] = prefix .. id end
    local areThere = redis.call('EXISTS', unpack(keys)) == #keys
    local ended = {}
    for index, id in ipairs(ARGV) do
      if completed[index] or failed[index] or not (areThere or redis.call('EXISTS', keys[index]) == 1) then
        ended[#ended + 1] = id
      end
    end
    return ended`,
};

/** Asks Redis every few seconds which jobs have ended: BullMQ loses events under load. */
export class EndChecks {
  readonly #queue: Queue;
  readonly #onError: Engine['onError'];
  readonly #onEnd: (jobId: string) => void;
  readonly #closing: AbortSignal;
  /** The one that was read longest ago comes first. */
  readonly #ids = new Set<string>();
  /** Those that were added since Redis was last asked. */
  readonly #added = new Set<string>();
  #isRunning = false;

  /** @param onEnd gets each job that has ended, and any that should be read to find out */
  constructor(queue: Queue, {onError}: Engine, onEnd: (jobId: string) => void, closing: AbortSignal) {
    this.#queue = queue;
    this.#onError = onError;
    this.#onEnd = onEnd;
    this.#closing = closing;
  }

  add(jobId: string): void {
    this.#ids.add(jobId);
    this.#added.add(jobId);
    if (!this.#isRunning) void this.#run();
  }

  delete(jobId: string): void {
    this.#ids.delete(jobId);
    this.#added.delete(jobId);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let readsLeft = 0;
    for (let nextCheck = 0; this.#ids.size > 0; ) {
      const isFull = now() >= nextCheck;
      if (isFull) [nextCheck, readsLeft] = [now() + interval, maxReads];
      const ids = [...(isFull ? this.#ids : this.#added)];
      this.#added.clear();
      for (const id of ids.slice(0, readsLeft)) {
        readsLeft -= 1;
        this.#onEnd(id);
        if (this.#ids.delete(id)) this.#ids.add(id);
      }
      await this.#check(ids);
      await sleep(collectTime, undefined, {signal: this.#closing}).catch(() => {});
      if (this.#closing.aborted) return;
    }
    this.#isRunning = false;
  }

  async #check(ids: readonly string[]): Promise<void> {
    const prefix = this.#queue.toKey('');
    try {
      for (const some of chunksOf(ids, checkSize)) {
        const args = [prefix, ...some];
        const ended = await runScript<readonly string[]>(this.#queue, findEnded, ['completed', 'failed'], args);
        for (const id of ended) this.#onEnd(id);
      }
    } catch (error) {
      if (!this.#closing.aborted) this.#onError(asError(error));
    }
  }
}
