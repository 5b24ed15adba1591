import {setTimeout as sleep} from 'node:timers/promises';
import {QueueEvents} from 'bullmq';
import {asError} from './as-error.ts';
import {closeInTime} from './close-in-time.ts';
import {dropOldest} from './drop-oldest.ts';
import {checkBlocking, type Engine} from './engine-options.ts';
import {jobOf} from './job.ts';
import type {RedisClock} from './redis-clock.ts';
import {turnEvent} from './turn-json.ts';

/** How long a read of the stream waits for events, in milliseconds. */
const blockingTimeout = 10_000;
/** How long events are collected before the next read, in milliseconds: a busy queue would take a command for each event. */
const readPause = 20;
const errorPause = 1000;
/** How far back the first read goes, in milliseconds: connecting takes a while. */
const lookBack = 1000;
/** How many jobs are remembered whose end is about to be handed over. */
const maxEnding = 10_000;

const endings: ReadonlySet<string> = new Set(['completed', 'failed', 'removed']);
/** Matches what a turn emits when watching is over; the job holds the end when it is put back for `onEnd`. */
const endingTurn = /"type":"(?:succeeded|failed|canceled|abandoned)"/;

/** Reads the ends of jobs from BullMQ's event stream, over a connection of its own. */
export class EndStream {
  readonly #engine: Engine;
  readonly #clock: RedisClock;
  readonly #onEnd: (jobId: string) => void;
  // BullMQ's own loop would read after each event.
  readonly #events: QueueEvents;
  readonly #closing = new AbortController();
  /** The latest jobs whose end is about to be handed over, whether or not anyone waits: each is read when it is put back. */
  readonly #ending = new Set<string>();

  constructor(engine: Engine, clock: RedisClock, onEnd: (jobId: string) => void) {
    this.#engine = engine;
    this.#clock = clock;
    this.#onEnd = onEnd;
    checkBlocking(engine.options);
    this.#events = new QueueEvents(engine.name, {...engine.options, autorun: false});
    this.#events.on('error', engine.onError);
    void this.#follow();
  }

  /** Whether a job's turn has emitted its end, so that the job may have been put back with it already. */
  isEnding(jobId: string): boolean {
    return this.#ending.has(jobId);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await closeInTime(this.#events);
  }

  async #follow(): Promise<void> {
    const {signal} = this.#closing;
    const rest = (delay: number): Promise<void> => sleep(delay, undefined, {signal}).catch(() => {});
    for (let last = await this.#firstEventId(); !signal.aborted; ) {
      try {
        const [stream] = (await this.#events.backend.readEvents(last, blockingTimeout)) ?? [];
        for (const [id, fields] of stream?.[1] ?? []) {
          last = id;
          this.#onEvent((name) => fields[fields.indexOf(name) + 1] ?? '');
        }
        await rest(readPause);
      } catch (error) {
        if (!signal.aborted) this.#engine.onError(asError(error));
        await rest(errorPause);
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
    if (endings.has(event) || (event === 'delayed' && this.#ending.has(jobId))) this.#onEnd(jobId);
    if (endings.has(event)) this.#ending.delete(jobId);
  }
}
