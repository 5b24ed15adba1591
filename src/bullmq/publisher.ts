import {QueueEventsProducer} from 'bullmq';
import {closeInTime, longestClose} from './close-in-time.ts';
import {type Engine, unlimited} from './engine-options.ts';
import {type Emitted, turnEvent, writeTurn} from './turn-json.ts';

/** Publishes what turns emit to all processes, on BullMQ's stream of events. The job keeps nothing of it. */
export class Publisher {
  readonly #engine: Engine;
  #producer: QueueEventsProducer | undefined;
  #isClosed = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** @throws what Redis answers. Once it is closed, it opens no connection that nobody would close, and publishes nothing. */
  async publish(turn: Emitted): Promise<void> {
    if (this.#isClosed) return;
    this.#producer ??= this.#connect();
    // Trims nothing: BullMQ's own events, of which each job makes more than ours, keep the stream at the queue's length.
    await this.#producer.publishEvent({eventName: turnEvent, jobId: turn.record.id, turn: writeTurn(turn)}, unlimited);
  }

  /** @param timeout how long it waits for Redis, in milliseconds */
  async close(timeout: number = longestClose): Promise<void> {
    this.#isClosed = true;
    if (this.#producer !== undefined) await closeInTime(this.#producer, timeout);
  }

  #connect(): QueueEventsProducer {
    const producer = new QueueEventsProducer(this.#engine.name, this.#engine.options);
    producer.on('error', this.#engine.onError);
    return producer;
  }
}
