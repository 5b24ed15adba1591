import {type MeterProvider, metrics, type TracerProvider, trace} from '@opentelemetry/api';
import type {GraphClient} from '../graph/graph-client.ts';
import type {OperationEvent} from '../operation/events.ts';
import type {OperationPoller, Subscription} from '../poller.ts';
import {checkOptionNames} from '../shared/option-names.ts';
import {instrumentClient} from './instrument-client.ts';
import {type Telemetry, watchSpan} from './instrument-poller.ts';
import {createMeters} from './meters.ts';
import {endingOf} from './outcome.ts';
import {followWorker, type WorkerEvent} from './worker-listener.ts';

/** The events of a queue, as `createOperationEvents` of `operation-poller/bullmq` makes them. */
export interface QueueEvents {
  on(type: '*', listener: (event: OperationEvent & {readonly id: string}) => void): Subscription;
  ready(): Promise<void>;
}

/** A worker of a queue, as `createOperationWorker` of `operation-poller/bullmq` makes it. */
export interface QueueWorker {
  on(type: '*', listener: (event: WorkerEvent) => void): Subscription;
  ready(): Promise<void>;
}

/** What can be instrumented. */
export type InstrumentTarget = OperationPoller | GraphClient | QueueEvents | QueueWorker;

/** The options of {@link instrument}; `undefined` means absent. */
export interface InstrumentOptions {
  /** Where spans go. Default: the provider that is registered when `instrument` is called; without one, nowhere. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Where measurements go. Default as for `tracerProvider`. */
  readonly meterProvider?: MeterProvider | undefined;
}

/**
 * Tells OpenTelemetry what is watched. No token, password, query, body or message is in what it tells.
 *
 * - A poller: one span from now until its end, with a child span for each request and each wait, and all metrics. The span's
 *   parent is the one that is active now. A poller that has ended already gets none.
 * - A Graph client: the same for each poller that it makes from now on, and a span for each request that starts an
 *   operation, to which the watch's span is linked.
 * - A worker of a queue: a span for each poll that it makes, one for the whole watch when it sees its end, and all metrics but
 *   how many operations are in progress. Each worker tells of its own polls. Where the operation's `data` holds a trace
 *   context, as `propagation.inject` writes it, the spans are linked to that.
 * - The events of a queue: the outcomes alone, as metrics. They are hints: some are told twice, some never.
 *
 * @param target a poller, a Graph client, what `createOperationWorker` returns, or what `createOperationEvents` returns
 * @returns the subscription: to end it ends the spans that are open, without an outcome, and gives a client its own methods
 *   back
 * @throws TypeError when the target or an option is not as it should be; the message names it
 *
 * @example
 * ```ts
 * const {unsubscribe} = instrument(createGraphClient({token}));
 * ```
 */
export function instrument(target: InstrumentTarget, options: InstrumentOptions = {}): Subscription {
  const telemetry = readOptions(options);
  if (typeof target !== 'object' || target === null) throw wrongTarget(target);
  if ('resetPassword' in target) return instrumentClient(target, telemetry);
  if (!('on' in target)) throw wrongTarget(target);
  if (isPoller(target)) return watchSpan(target, telemetry, [], () => undefined);
  const followed = followWorker(telemetry);
  return target.on('*', (event: OperationEvent | WorkerEvent) => {
    if ('askedAt' in event) return followed(event);
    const ending = endingOf(event);
    if (ending !== undefined) telemetry.meters.ended(ending);
  });
}

function isPoller(target: OperationPoller | QueueEvents | QueueWorker): target is OperationPoller {
  return 'toJSON' in target;
}

function readOptions(options: InstrumentOptions): Telemetry {
  if (typeof options !== 'object' || options === null) throw new TypeError('options: expected an object');
  checkOptionNames(options, ['tracerProvider', 'meterProvider']);
  const {tracerProvider = trace.getTracerProvider(), meterProvider = metrics.getMeterProvider()} = options;
  if (typeof tracerProvider?.getTracer !== 'function') throw wrongProvider('tracerProvider', tracerProvider);
  if (typeof meterProvider?.getMeter !== 'function') throw wrongProvider('meterProvider', meterProvider);
  return {tracer: tracerProvider.getTracer('operation-poller'), meters: createMeters(meterProvider)};
}

function wrongTarget(target: unknown): TypeError {
  const got = target === null ? 'null' : typeof target;
  return new TypeError(`target: expected a poller, a Graph client, a worker or the events of a queue, got ${got}`);
}

function wrongProvider(name: string, got: unknown): TypeError {
  return new TypeError(`${name}: expected a provider of OpenTelemetry, got ${got === null ? 'null' : typeof got}`);
}
