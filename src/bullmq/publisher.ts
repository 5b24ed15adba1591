import {QueueEventsProducer} from 'bullmq';
import {closeInTime} from './close-in-time.ts';
import {type Engine, unlimited} from './engine-options.ts';
import {type Emitted, turnEvent, writeTurn} from './turn-json.ts';

/** Publishes what turns emit to all processes, on BullMQ's stream of events. The job keeps nothing of it. */
export class Publisher {
  readonly #engine: Engine;
  #producer: QueueEventsProducer | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** @throws what Redis answers */
  async publish(turn: Emitted): Promise<void> {
    this.#producer ??= this.#connect();
    // Trims nothing: BullMQ's own events, of which each job makes more than ours, keep the stream at the queue's length.
    await this.#producer.publishEvent({eventName: turnEvent, jobId: turn.record.id, turn: writeTurn(turn)}, unlimited);
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    if (producer !== undefined) await closeInTime(producer.close(), [producer]);
  }

  #connect(): QueueEventsProducer {
    const producer = new QueueEventsProducer(this.#engine.name, this.#engine.options);
    producer.on('error', this.#engine.onError);
    return producer;
  }
}
