/**
 * Many operations in Redis, polled by workers on many machines.
 *
 * @module operation-poller/bullmq
 */

// Nothing inside imports this file.
export type {PolledBy, TurnEventOf} from '../runner/turn-events.ts';
export {ClockSkewError} from './clock-skew-error.ts';
export type {EngineOptions} from './engine-options.ts';
export type {AddedOperation, AddOptions, OperationFlowJob} from './job-adder.ts';
export type {JobProgress} from './job-progress.ts';
export {JobSkippedError} from './job-skipped-error.ts';
export {createOperationEvents, type OperationEvents, type QueuedEventOf} from './operation-events.ts';
export {OriginHeldError} from './origin-held-error.ts';
export {
  createOperationQueue,
  type OperationCounts,
  type OperationQueue,
  type OperationQueueOptions,
  type OperationSource,
} from './queue.ts';
export type {QueuedOperation} from './queued-operation.ts';
export type {RetentionOptions} from './retention.ts';
export {
  createOperationWorker,
  type LimiterOptions,
  type MetricsOptions,
  type OperationWorker,
  type OperationWorkerOptions,
  type WorkerPollOptions,
} from './worker.ts';
