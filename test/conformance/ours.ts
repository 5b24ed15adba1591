import ky from 'ky';
import {
  OperationCanceledError,
  OperationError,
  OperationFailedError,
  OperationNotStartedError,
  PollError,
  protocols,
  schedules,
  WatchTimeoutError,
} from 'operation-poller';
import {createOperationClient} from '../../src/client/index.ts';
import {createPipeline, limit} from './pipeline.ts';
import type {Runner} from './scenario.ts';

/** This library's client. Like core-lro it repeats no start: the caller sends one again that was answered 5xx. */
export const runOurs: Runner = async (root, scenario) => {
  const {method, path, headers, body, finalStateVia} = scenario;
  const client = createOperationClient({root, headers, http: ky.create({fetch: createPipeline(scenario)})});
  const options = {
    schedule: schedules.fixed(20),
    retry: {retries: 2, minTimeout: 1},
    consecutiveFailures: 2,
    // The result, too, is asked for again until then.
    notFoundGrace: 1000,
    totalTimeout: limit,
    fetchResult: true,
    finalStateVia,
  };
  const request = {method, path, ...(body !== undefined && {body})};
  const start = () => client.start(protocols.azure.statusMonitor, request, options);
  try {
    const {poller} = await start().catch((error: unknown) => {
      if (isServerError(error)) return start();
      throw error;
    });
    if (poller === undefined) return {status: 'error', reason: 'unconfirmed'};
    const {result} = await poller.result();
    return {status: 'succeeded', result};
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    const reason = `${error.name}: ${error.message}`;
    if (error instanceof OperationFailedError) return {status: 'failed', reason};
    if (error instanceof OperationCanceledError) return {status: 'canceled', reason};
    return {status: error instanceof WatchTimeoutError ? 'timeout' : 'error', reason};
  }
};

function isServerError(error: unknown): boolean {
  const cause = error instanceof OperationNotStartedError ? error.cause : undefined;
  return cause instanceof PollError && (cause.httpStatus ?? 0) >= 500;
}
