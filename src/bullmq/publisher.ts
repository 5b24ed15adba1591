import {QueueEventsProducer} from 'bullmq';
import type {Step} from '../polling/step.ts';
import type {Engine} from './engine-options.ts';
import {stepEvent, writeStep} from './step-json.ts';

/** We trim nothing: BullMQ's own events, of which each job makes more than ours, trim the stream as its queue is told to. */
export const mostEntries = 1_000_000_000;

/** Tells all processes what a step tells, by BullMQ's stream of events. Nothing of it stays in the job. */
export class Publisher {
  readonly #engine: Engine;
  #producer: QueueEventsProducer | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Tells of a step. @throws what Redis answers */
  async publish(jobId: string, step: Pick<Step, 'state' | 'events' | 'next'>): Promise<void> {
    this.#producer ??= this.#connect();
    await this.#producer.publishEvent({eventName: stepEvent, jobId, step: writeStep(step)}, mostEntries);
  }

  async close(): Promise<void> {
    await this.#producer?.close();
  }

  #connect(): QueueEventsProducer {
    const producer = new QueueEventsProducer(this.#engine.name, this.#engine.options);
    producer.on('error', this.#engine.onError);
    return producer;
  }
}
