/// <reference lib="esnext.disposable" preserve="true" />
import {randomUUID} from 'node:crypto';
import {setTimeout as sleep} from 'node:timers/promises';
import {QueueEvents, type QueueEventsListener, QueueEventsProducer} from 'bullmq';
import {type OperationEvent, type OperationEventType, operationEventTypes} from '../operation/events.ts';
import type {OperationEventOf} from '../poller.ts';
import {unlessAborted} from '../shared/abort.ts';
import {Listeners, type Subscription} from '../shared/listeners.ts';
import {asError} from './as-error.ts';
import {closeInTime} from './close-in-time.ts';
import {checkBlocking, type Engine, type EngineOptions, readEngineOptions, unlimited} from './engine-options.ts';
import {readTurn, turnEvent} from './turn-json.ts';

/** An event by its name, as a poller has it, with the operation's id in the queue; `'*'` is any. */
export type QueuedEventOf<Type extends OperationEventType | '*'> = OperationEventOf<Type> & {
  /** The {@link QueuedOperation}'s id. */
  readonly id: string;
};

/** The events of all operations of a queue, whichever worker polls them. */
export interface OperationEvents extends AsyncDisposable {
  /**
   * Adds a listener. If one throws, the error is reported to the host, and the other listeners are called all the same.
   *
   * @param type the event's name, or `'*'` for all
   * @param listener gets the event, which is frozen
   */
  on<Type extends OperationEventType | '*'>(type: Type, listener: (event: QueuedEventOf<Type>) => void): Subscription;
  /** Resolves when it listens: what is published from then on arrives. */
  ready(): Promise<void>;
  /** Stops listening. If Redis does not answer, the connection is cut after 5 s. */
  close(): Promise<void>;
}

const probeEvent = 'operation-probe';
const probeInterval = 20;

/** Our own events on BullMQ's stream. */
interface StreamListener extends QueueEventsListener {
  readonly [turnEvent]: (args: {readonly jobId: string; readonly turn: string}, id: string) => void;
  readonly [probeEvent]: (args: {readonly probe: string}, id: string) => void;
}

/**
 * Listens to the operations of a queue from anywhere: the same names and payloads as a poller's, with the operation's `id`.
 *
 * They are hints, as BullMQ's are: published at least once while a worker lives, lost under load when Redis trims the stream. Rely
 * on `result()` instead. A poll is published only when it emits more than `polled` and `waiting`; then these come with it.
 *
 * @throws TypeError when an option is invalid; the message names it
 *
 * @example
 * ```ts
 * const events = createOperationEvents({name: 'operations', connection: {host: 'redis'}});
 * events.on('failed', ({id, operation}) => console.log(id, operation.error?.code));
 * ```
 */
export function createOperationEvents(options: EngineOptions): OperationEvents {
  const {engine} = readEngineOptions(options);
  checkBlocking(engine.options);
  const stream = new QueueEvents(engine.name, engine.options);
  const listeners = new Listeners<OperationEvent & {readonly id: string}>(operationEventTypes);
  stream.on('error', engine.onError);
  const onTurn: StreamListener[typeof turnEvent] = ({jobId: id, turn}) => {
    try {
      for (const event of readTurn(turn)) listeners.emit(Object.freeze({...event, id}));
    } catch (error) {
      engine.onError(asError(error));
    }
  };
  stream.on<StreamListener>(turnEvent, onTurn);
  const closing = new AbortController();
  const close = async (): Promise<void> => {
    closing.abort();
    await closeInTime(stream);
  };
  return {
    on: (type, listener) => listeners.add(type, listener as (event: OperationEvent & {readonly id: string}) => void),
    ready: () => untilListening(stream, engine, closing.signal),
    close,
    [Symbol.asyncDispose]: close,
  };
}

// That it is connected does not mean that it reads the stream yet: publishes probes until one of them arrives.
async function untilListening(
  stream: QueueEvents,
  {name, options, onError}: Engine,
  closing: AbortSignal,
): Promise<void> {
  const own = randomUUID();
  let listening = false;
  const onProbe: StreamListener[typeof probeEvent] = ({probe}) => {
    listening ||= probe === own;
  };
  stream.on<StreamListener>(probeEvent, onProbe);
  const producer = new QueueEventsProducer(name, options);
  producer.on('error', onError);
  try {
    while (!listening) {
      await unlessAborted(producer.publishEvent({eventName: probeEvent, probe: own}, unlimited), closing);
      await sleep(probeInterval, undefined, {signal: closing});
    }
  } catch (error) {
    if (!closing.aborted) throw error;
  } finally {
    stream.off<StreamListener>(probeEvent, onProbe);
    await closeInTime(producer);
  }
}
