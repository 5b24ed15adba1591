import {readContext} from '../http/read-context.ts';
import {redact} from '../http/redact.ts';
import type {ServiceResponse} from '../http/service-response.ts';
import type {Transport, TransportResponse} from '../http/transport.ts';
import {transition} from '../machine/transitions.ts';
import {maxShownLocation} from '../operation/abandon-error.ts';
import {OperationNotWatchableError} from '../operation/errors.ts';
import type {Operation} from '../operation/operation.ts';
import {resumeTokenOf} from '../operation/resume-token.ts';
import type {Answer, WatchState} from '../operation/state.ts';
import {firstState} from '../options/first-state.ts';
import type {Settings} from '../options/settings.ts';
import {OperationPoller} from '../poller.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {readStart} from '../protocol/read-start.ts';
import type {Checks} from '../shared/check-options.ts';
import {now, processClock} from '../shared/clock.ts';
import {redactLocation} from '../shared/location.ts';
import type {ClientParts} from './client-parts.ts';
import {type ClientPollOptions, operationSettings} from './operation-settings.ts';
import {type AcceptedStart, type StartRequest, sendStart, startRequestChecks} from './start-request.ts';
import {stateAt} from './watch.ts';

/**
 * The result of a request that starts an operation. `answer` is the head of its response: the HTTP status, and the ids that a
 * support case needs.
 */
export type StartedOperation<Result = unknown> =
  /** it is being watched; one that the start already completed has ended */
  | {readonly confirmed: true; readonly poller: OperationPoller<Result>; readonly answer: Answer}
  /** the service accepted it, and does not say where the operation is: nobody can tell how it ends */
  | {readonly confirmed: false; readonly poller: undefined; readonly answer: Answer};

/** Starts an operation and watches it. @param checks a check for each field of the request */
export function start<Result>(
  client: ClientParts,
  protocol: Protocol<Result>,
  request: StartRequest,
  options: ClientPollOptions<Result> = {},
  checks: Checks<StartRequest> = startRequestChecks,
): Promise<StartedOperation<Result>> {
  return startAfterReturn(async (returned) => {
    const accepted = await sendStart(client, protocol, request, options, {checks});
    return watchStarted<Result>(client, accepted, options, returned);
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
 * @throws OperationNotWatchableError when the response leads where the token may not go
 */
export function watchStarted<Result = unknown>(
  client: ClientParts,
  accepted: AcceptedStart,
  options: ClientPollOptions,
  returned: Promise<void>,
): StartedOperation<Result> {
  const {method, url, reader, response, isSecret} = accepted;
  const {answer, status, headers, retryAfter, json} = response;
  const context = readContext(response);
  const report = readStart(
    method,
    {url, status, headers, body: json, context},
    reader,
    client.base,
    client.pathRoot ?? null,
  );
  if (report.kind === 'unconfirmed') return {confirmed: false, poller: undefined, answer};
  const given = operationSettings(client, {...options, protocol: report.protocol});
  if (report.kind === 'ended') {
    const settings: Settings = {...given, startAfter: returned};
    const operation = isSecret ? withoutBody(report.operation) : report.operation;
    return {
      confirmed: true,
      poller: new OperationPoller<Result>(endedState(url, operation, answer, settings), settings),
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
    started: {method, url, root: client.pathRoot, ...(header === null ? {} : {location: header})},
  };
  return {
    confirmed: true,
    poller: new OperationPoller<Result>(startedState(client, location, settings, answer), settings),
    answer,
  };
}

/** The first state of an operation that was started. @throws OperationNotWatchableError */
function startedState(client: ClientParts, location: string, settings: Settings, answer: Answer): WatchState {
  try {
    return stateAt(client, location, settings);
  } catch {
    // The token's origin stays the client's: whoever resumes sends it nowhere else, unless they trust the origin.
    const tokenOrigin = client.origin;
    const redactedLocation = redact(redactLocation(location, tokenOrigin), settings.secrets, maxShownLocation);
    const first = firstState(location, {...settings, token: undefined}, now());
    const state: WatchState = {...first, tokenOrigin, redactedLocation};
    throw new OperationNotWatchableError(
      `The operation was started, but cannot be watched at ${redactedLocation}: no token goes there unless that origin is one of trustedOrigins`,
      {state, answer, resumeToken: () => resumeTokenOf(state, processClock)},
    );
  }
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
