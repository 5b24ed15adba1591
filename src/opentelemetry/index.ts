/**
 * Spans and metrics of OpenTelemetry for all that polls.
 *
 * @module operation-poller/opentelemetry
 */

// Nothing inside imports this file.
export {
  type InstrumentOptions,
  type InstrumentTarget,
  instrument,
  type QueueEvents,
  type QueueWorker,
} from './instrument.ts';
export type {WorkerEvent} from './worker-listener.ts';
