/// <reference lib="esnext.disposable" preserve="true" />
import {randomUUID} from 'node:crypto';
import {setTimeout as sleep} from 'node:timers/promises';
import {QueueEvents, type QueueEventsListener, QueueEventsProducer} from 'bullmq';
import type {OperationEvent, OperationEventType} from '../operation/events.ts';
import type {OperationEventOf} from '../poller.ts';
import type {Subscription} from '../shared/listeners.ts';
import {Listeners} from '../shared/listeners.ts';
import {type Engine, type EngineOptions, readEngineOptions} from './engine-options.ts';
import {asError} from './job-reader.ts';
import {mostEntries} from './publisher.ts';
import {readStep, stepEvent} from './step-json.ts';

/** An event by its name, as a poller has it, with the operation's id in the queue; `'*'` is any. */
export type QueuedEventOf<Type extends OperationEventType | '*'> = OperationEventOf<Type> & {
  /** The {@link QueuedOperation}'s id. */
  readonly id: string;
};

/** The events of all operations of a queue, whichever worker polls them. */
export interface OperationEvents extends AsyncDisposable {
  /**
   * Adds a listener. One that throws harms no other: its error is reported to the host.
   *
   * @param type the event's name, or `'*'` for all
   * @param listener hears the event, which is frozen
   */
  on<Type extends OperationEventType | '*'>(type: Type, listener: (event: QueuedEventOf<Type>) => void): Subscription;
  /** Resolves when it listens: what is told from then on is heard. */
  ready(): Promise<void>;
  /** Hears no more. */
  close(): Promise<void>;
}

interface StepListener extends QueueEventsListener {
  readonly [stepEvent]: (args: {readonly jobId: string; readonly step: string}, id: string) => void;
}

/**
 * Listens to the operations of a queue from anywhere: the same names and payloads as a poller's, with the operation's `id`.
 *
 * They are hints, as BullMQ's are: told at least once while a worker lives, lost under load when Redis trims the stream. Take the truth
 * from `result()`. A step is told of only when there is more to tell than `polled` and `waiting`; then these are told too.
 *
 * @throws TypeError when an option is not as it should be; the message names it
 *
 * @example
 * ```ts
 * const events = createOperationEvents({name: 'operations', connection: {host: 'redis'}});
 * events.on('failed', ({id, operation}) => console.log(id, operation.error?.code));
 * ```
 */
export function createOperationEvents(options: EngineOptions): OperationEvents {
  const engine = readEngineOptions(options);
  const stream = new QueueEvents(engine.name, engine.options);
  const listeners = new Listeners<OperationEvent & {readonly id: string}>();
  stream.on('error', engine.onError);
  const hear: StepListener[typeof stepEvent] = ({jobId: id, step}) => {
    try {
      for (const event of readStep(step)) listeners.emit(Object.freeze({...event, id}));
    } catch (error) {
      engine.onError(asError(error));
    }
  };
  stream.on<StepListener>(stepEvent, hear);
  const close = (): Promise<void> => stream.close();
  return {
    on: (type, listener) => listeners.add(type, listener as (event: OperationEvent & {readonly id: string}) => void),
    ready: () => untilHeard(stream, engine),
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface CallListener extends QueueEventsListener {
  readonly [callEvent]: (args: {readonly call: string}, id: string) => void;
}

const callEvent = 'operation-call';
const callInterval = 20;

// That the connection stands does not say that anybody reads from it: calls until it hears itself.
async function untilHeard(stream: QueueEvents, {name, options, onError}: Engine): Promise<void> {
  const own = randomUUID();
  let heard = false;
  const hear: CallListener[typeof callEvent] = ({call}) => {
    heard ||= call === own;
  };
  stream.on<CallListener>(callEvent, hear);
  const producer = new QueueEventsProducer(name, options);
  producer.on('error', onError);
  try {
    while (!heard && stream.closing === undefined) {
      await producer.publishEvent({eventName: callEvent, call: own}, mostEntries);
      await sleep(callInterval);
    }
  } finally {
    stream.off<CallListener>(callEvent, hear);
    await producer.close();
  }
}
