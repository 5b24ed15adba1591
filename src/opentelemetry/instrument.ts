import {type MeterProvider, metrics, type TracerProvider, trace} from '@opentelemetry/api';
import type {OperationClient} from '../client/operation-client.ts';
import type {OperationEvent} from '../operation/events.ts';
import type {OperationPoller} from '../poller.ts';
import {type Checks, checkFunctions, checkOptions, describeValue, expected} from '../shared/check-options.ts';
import type {Subscription} from '../shared/listeners.ts';
import {instrumentClient} from './instrument-client.ts';
import {instrumentPoller, type Telemetry} from './instrument-poller.ts';
import {createMeters} from './meters.ts';
import {watchOutcome} from './outcome.ts';
import {createWorkerListener, type WorkerEvent} from './worker-listener.ts';

/** The events of a queue, as created by `createOperationEvents` of `operation-poller/bullmq`. */
export interface QueueEvents {
  on(type: '*', listener: (event: OperationEvent & {readonly id: string}) => void): Subscription;
  ready(): Promise<void>;
}

/** A worker of a queue, as created by `createOperationWorker` of `operation-poller/bullmq`, or a tracker. */
export interface QueueWorker {
  on(type: '*', listener: (event: WorkerEvent) => void): Subscription;
}

/** What can be instrumented. */
export type InstrumentTarget = OperationPoller | OperationClient | QueueEvents | QueueWorker;

/** The options of {@link instrument}; `undefined` means absent. */
export interface InstrumentOptions {
  /** Where spans go. Default: the provider registered when `instrument` is called; without one, nowhere. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Where measurements go. The default is as for `tracerProvider`. */
  readonly meterProvider?: MeterProvider | undefined;
}

/**
 * Reports watches to OpenTelemetry as spans and metrics. Neither contains a token, password, query, body or message.
 *
 * - A poller: one span from now until its end, with a child span for each request and each wait, and all metrics. The span's
 *   parent is the span that is active now. A poller that has already ended gets none.
 * - A client, of Graph or any service: the same for each poller that it creates from now on, and a span for each request that starts an
 *   operation, to which the watch's span is linked.
 * - A worker of a queue, or a tracker: a span for each poll that it makes, one for the whole watch if it sees its end, and all metrics but
 *   the number of operations in progress. Each worker reports its own polls. Where the operation's `data` contains a trace
 *   context, as written by `propagation.inject`, the spans are linked to it.
 * - The events of a queue: outcomes only, as metrics. These events are hints: some are emitted twice, some never.
 *
 * @param target a poller, a client, what `createOperationTracker` or `createOperationWorker` returns, or what `createOperationEvents` returns
 * @returns the subscription; `unsubscribe()` ends the open spans, without an outcome, and restores a client's own methods
 * @throws TypeError that names the target or option that is invalid
 *
 * @example
 * ```ts
 * const {unsubscribe} = instrument(createGraphClient({token}));
 * ```
 */
export function instrument(target: InstrumentTarget, options: InstrumentOptions = {}): Subscription {
  const telemetry = readOptions(options);
  if (typeof target !== 'object' || target === null) throw wrongTarget(target);
  if ('fetchOperation' in target) return instrumentClient(target, telemetry);
  if (typeof Object(target).on !== 'function') throw wrongTarget(target);
  if (isPoller(target)) return instrumentPoller(target, telemetry, [], () => undefined);
  const workerListener = createWorkerListener(telemetry);
  return target.on('*', (event: OperationEvent | WorkerEvent) => {
    if ('askedAt' in event) return workerListener(event);
    const outcome = watchOutcome(event);
    if (outcome !== undefined) telemetry.meters.recordOutcome(outcome);
  });
}

function isPoller(target: OperationPoller | QueueEvents | QueueWorker): target is OperationPoller {
  return 'toJSON' in target;
}

const provider = 'an OpenTelemetry provider';

const optionChecks = {
  tracerProvider: checkFunctions(provider, 'getTracer'),
  meterProvider: checkFunctions(provider, 'getMeter'),
} satisfies Checks<InstrumentOptions>;

function readOptions(options: InstrumentOptions): Telemetry {
  const own = checkOptions(options, optionChecks);
  const {tracerProvider = trace.getTracerProvider(), meterProvider = metrics.getMeterProvider()} = own;
  return {tracer: tracerProvider.getTracer('operation-poller'), meters: createMeters(meterProvider)};
}

function wrongTarget(target: unknown): TypeError {
  const takes = 'a poller, a client, a tracker, a worker or the events of a queue';
  return expected('target', takes, describeValue(target));
}
