import {setTimeout as sleep} from 'node:timers/promises';
import {type Queue, QueueEvents} from 'bullmq';
import {now} from '../shared/clock.ts';
import {asError} from './as-error.ts';
import {chunksOf} from './chunks.ts';
import {dropOldest} from './drop-oldest.ts';
import type {Engine} from './engine-options.ts';
import {jobOf} from './job.ts';
import type {RedisClock} from './redis-clock.ts';
import {type RedisScript, runScript} from './redis-script.ts';
import {turnEvent} from './turn-json.ts';

/** How often Redis is asked which jobs have ended, in milliseconds: BullMQ loses events under load. */
const interval = 3000;
/** How long jobs are collected before Redis is asked about them for the first time, in milliseconds. */
const collectTime = 50;
/** How many jobs Redis is asked about at once. */
const checkSize = 1000;
/**
 * How many jobs are also read in an interval, in turn: what they hold may be malformed, and one that was removed may have been
 * added again.
 */
const maxReads = 50;

/** How long a read of the event stream waits, in milliseconds. */
const blockingTimeout = 10_000;
/** How long events are collected before the next read, in milliseconds: a busy queue would take a command for each event. */
const readPause = 20;
const errorPause = 1000;
/** How many jobs are remembered whose end is about to be handed over. */
const maxEnding = 10_000;
/** How far back the first read of the event stream goes, in milliseconds: connecting takes a while. */
const lookBack = 1000;

const endings: ReadonlySet<string> = new Set(['completed', 'failed', 'removed']);
/** Matches what a turn emits when watching is over; the job holds the end when it is put back for `onEnd`. */
const endingTurn = /"type":"(?:succeeded|failed|canceled|abandoned)"/;

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

/** Waits for the end of one job. */
export interface EndWaiter {
  /** Resolves when the job should be read: it may have ended. */
  next(): Promise<void>;
  dispose(): void;
}

/**
 * Notices the ends of jobs for all that wait in this process: by one blocking read of the event stream, and by
 * asking about a thousand jobs at once every few seconds. So the load on Redis hardly depends on how many are waited for.
 */
export class EndWatcher {
  readonly #queue: Queue;
  readonly #engine: Engine;
  readonly #clock: RedisClock;
  readonly #waiting = new Map<string, Set<() => void>>();
  /** Those that were added since Redis was last asked. */
  readonly #added = new Set<string>();
  /** The latest whose end is about to be handed over, whether or not anyone waits: each is read when it is put back. */
  readonly #ending = new Set<string>();
  readonly #closing = new AbortController();
  #events: QueueEvents | undefined;
  #isChecking = false;

  constructor(queue: Queue, engine: Engine, clock: RedisClock) {
    this.#queue = queue;
    this.#clock = clock;
    this.#engine = engine;
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Starts to wait for the end of a job. */
  wait(id: string): EndWaiter {
    let isDue = false;
    let wake: (() => void) | undefined;
    const notify = (): void => {
      isDue = true;
      wake?.();
    };
    const waiting = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiting.add(notify));
    this.#added.add(id);
    // It may have been put back already.
    if (this.#ending.has(id)) notify();
    if (!this.closed) {
      this.#listen();
      if (!this.#isChecking) void this.#checkWhileWaiting();
    }
    return {
      next: async () => {
        if (!isDue && !this.closed) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        isDue = false;
        wake = undefined;
      },
      dispose: () => {
        waiting.delete(notify);
        if (waiting.size > 0 || this.#waiting.get(id) !== waiting) return;
        this.#waiting.delete(id);
        this.#added.delete(id);
      },
    };
  }

  /** Wakes all that wait. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const id of [...this.#waiting.keys()]) this.#notify(id);
    await this.#events?.close();
  }

  #notify(id: string): void {
    for (const notify of [...(this.#waiting.get(id) ?? [])]) notify();
  }

  // So that another one is read next time.
  #moveToEnd(id: string): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    this.#waiting.set(id, waiting);
  }

  // One connection for all that wait, made for the first of them.
  #listen(): void {
    if (this.#events !== undefined) return;
    // Its own loop would read after each event.
    this.#events = new QueueEvents(this.#engine.name, {...this.#engine.options, autorun: false});
    this.#events.on('error', this.#engine.onError);
    void this.#follow(this.#events);
  }

  async #follow({backend}: QueueEvents): Promise<void> {
    for (let last = await this.#firstEventId(); !this.closed; ) {
      try {
        const [stream] = (await backend.readEvents(last, blockingTimeout)) ?? [];
        for (const [id, fields] of stream?.[1] ?? []) {
          last = id;
          this.#onEvent((name) => fields[fields.indexOf(name) + 1] ?? '');
        }
        await this.#sleep(readPause);
      } catch (error) {
        if (!this.closed) this.#engine.onError(asError(error));
        await this.#sleep(errorPause);
      }
    }
  }

  // The ids of events begin with Redis' time. '$': what comes from now on.
  async #firstEventId(): Promise<string> {
    return await this.#clock.update().then(
      () => `${this.#clock.now() - lookBack}-0`,
      () => '$',
    );
  }

  #onEvent(field: (name: string) => string): void {
    const event = field('event');
    const {jobId} = jobOf(field('jobId'));
    if (event === turnEvent && endingTurn.test(field('turn'))) {
      this.#ending.add(jobId);
      dropOldest(this.#ending, maxEnding);
    }
    if (endings.has(event) || (event === 'delayed' && this.#ending.has(jobId))) this.#notify(jobId);
    if (endings.has(event)) this.#ending.delete(jobId);
  }

  async #checkWhileWaiting(): Promise<void> {
    this.#isChecking = true;
    let readsLeft = 0;
    for (let nextCheck = 0; this.#waiting.size > 0; ) {
      const isFull = now() >= nextCheck;
      if (isFull) [nextCheck, readsLeft] = [now() + interval, maxReads];
      const ids = [...(isFull ? this.#waiting : this.#added).keys()];
      this.#added.clear();
      for (const id of ids.slice(0, readsLeft)) {
        readsLeft -= 1;
        this.#notify(id);
        this.#moveToEnd(id);
      }
      try {
        await this.#check(ids);
      } catch (error) {
        if (!this.closed) this.#engine.onError(asError(error));
      }
      await this.#sleep(collectTime);
      if (this.closed) return;
    }
    this.#isChecking = false;
  }

  async #check(ids: readonly string[]): Promise<void> {
    const prefix = this.#queue.toKey('');
    for (const some of chunksOf(ids, checkSize)) {
      const args = [prefix, ...some];
      const ended = await runScript<readonly string[]>(this.#queue, findEnded, ['completed', 'failed'], args);
      for (const id of ended) this.#notify(id);
    }
  }

  async #sleep(delay: number): Promise<void> {
    await sleep(delay, undefined, {signal: this.#closing.signal}).catch(() => {});
  }
}
