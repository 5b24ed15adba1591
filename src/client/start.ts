import {containsSecret} from '../http/redact.ts';
import type {ServiceResponse} from '../http/service-response.ts';
import type {Transport, TransportResponse} from '../http/transport.ts';
import {transition} from '../machine/transitions.ts';
import {ProtocolError} from '../operation/errors.ts';
import type {Operation} from '../operation/operation.ts';
import type {Answer, WatchState} from '../operation/state.ts';
import {firstState} from '../options/first-state.ts';
import type {Settings} from '../options/settings.ts';
import {OperationPoller} from '../poller.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {readStart} from '../protocol/read-start.ts';
import {now} from '../shared/clock.ts';
import type {ClientParts} from './client-parts.ts';
import {type GraphPollOptions, operationSettings} from './operation-settings.ts';
import {type AcceptedStart, type GraphRequest, sendStart} from './start-request.ts';
import {stateAt} from './watch.ts';

/**
 * The result of a request that starts an operation. `answer` is the head of its response: the HTTP status, and the ids that a
 * support case needs.
 */
export type StartedOperation =
  /** it is being watched; one that the start already completed has ended */
  | {readonly confirmed: true; readonly poller: OperationPoller; readonly answer: Answer}
  /** the service accepted it, and does not say where the operation is: nobody can tell how it ends */
  | {readonly confirmed: false; readonly poller: undefined; readonly answer: Answer};

/** Starts an operation and watches it. */
export function start(
  client: ClientParts,
  protocol: Protocol,
  request: GraphRequest,
  options: GraphPollOptions = {},
): Promise<StartedOperation> {
  return startAfterReturn(async (returned) => {
    const accepted = await sendStart(client, protocol, request, options);
    return watchStarted(client, accepted, options, returned);
  });
}

/**
 * Starts an operation, and lets watching begin only once the caller has the result: a listener that is added right after
 * the `await` then gets all events.
 *
 * @param work gets the promise that watching waits for
 */
export function startAfterReturn<Result>(work: (returned: Promise<void>) => Promise<Result>): Promise<Result> {
  let resolveReturned = (): void => undefined;
  const returned = new Promise<void>((resolve) => {
    resolveReturned = resolve;
  });
  const result = work(returned);
  // Without the result, which may hold a password: the poller keeps the promise.
  const onSettled = (): void => resolveReturned();
  result.then(onSettled, onSettled);
  return result;
}

/**
 * Watches the operation that a response leads to.
 *
 * @param returned watching begins when it resolves
 * @throws ProtocolError when the response leads where the token may not go
 */
export function watchStarted(
  client: ClientParts,
  accepted: AcceptedStart,
  options: GraphPollOptions,
  returned: Promise<void>,
): StartedOperation {
  const {method, url, reader, response, isSecret} = accepted;
  const {answer, status, headers, retryAfter, json} = response;
  const report = readStart(method, {url, status, headers, body: json}, reader, client.base);
  if (report.kind === 'unconfirmed') return {confirmed: false, poller: undefined, answer};
  const given = operationSettings(client, {...options, protocol: report.protocol});
  if (report.kind === 'ended') {
    const settings: Settings = {...given, startAfter: returned};
    const operation = isSecret ? withoutBody(report.operation) : report.operation;
    return {
      confirmed: true,
      poller: new OperationPoller(endedState(url, operation, answer, settings), settings),
      answer,
    };
  }
  const {location} = report;
  const isFirstReport = report.isFirstReport && !isSecret;
  const delay = isFirstReport ? 0 : (retryAfter ?? reader.minimumInterval);
  const header = headers.get('location');
  const settings: Settings = {
    ...given,
    startAfter: returned,
    initialDelay: given.initialDelay === 0 ? delay : given.initialDelay,
    transport: isFirstReport ? withFirstResponse(response, location, given.transport) : given.transport,
    started: {method, url, ...(header === null || containsSecret(header, response.token) ? {} : {location: header})},
  };
  let state: WatchState;
  try {
    state = stateAt(client, location, settings);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ProtocolError(`The operation was started, but cannot be watched: ${why}`);
  }
  return {confirmed: true, poller: new OperationPoller(state, settings), answer};
}

/** The state of an operation that had ended when its start was answered. */
function endedState(url: string, operation: Operation, answer: Answer, settings: Settings): WatchState {
  const at = now();
  const first = firstState(url, settings, at);
  return transition(first, {type: 'report', operation, at, answer})?.state ?? first;
}

/** An operation without the body that it was read from, which holds a secret. */
function withoutBody(operation: Operation): Operation {
  return Object.freeze({...operation, raw: null, ...('result' in operation ? {result: null} : {})});
}

/** A transport that answers the first request for a location with the response to the start, without sending it. */
function withFirstResponse(response: ServiceResponse, location: string, transport: Transport): Transport {
  const {status, headers, retryAfter, json} = response;
  let first: TransportResponse | undefined = {status, headers, retryAfter, body: {json}};
  return async (requested, request) => {
    if (first === undefined || requested !== location) return transport(requested, request);
    const reused = first;
    first = undefined;
    return reused;
  };
}
