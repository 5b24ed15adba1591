import {quotesSecret} from '../http/exchange.ts';
import {containsSecret, isRedacted, redact, redactJson, redactUrl} from '../http/redact.ts';
import type {ServiceResponse} from '../http/service-response.ts';
import type {Transport, TransportResponse} from '../http/transport.ts';
import {transition} from '../machine/transitions.ts';
import {maxShownLocation} from '../operation/abandon-error.ts';
import {OperationNotWatchableError} from '../operation/errors.ts';
import type {Operation} from '../operation/operation.ts';
import {resumeTokenOf} from '../operation/resume-token.ts';
import type {Answer, WatchState} from '../operation/state.ts';
import {exposesToken, firstState} from '../options/first-state.ts';
import type {Settings, WatchSetup} from '../options/settings.ts';
import {OperationPoller} from '../poller.ts';
import {linksOf} from '../protocol/links.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {readStart, type StartReport} from '../protocol/read-start.ts';
import type {StartAnswer} from '../protocol/start.ts';
import type {Check} from '../shared/check-options.ts';
import {now, processClock} from '../shared/clock.ts';
import {hasOrigin, isSecureOrLoopback, readLocation} from '../shared/location.ts';
import type {ClientParts} from './client-parts.ts';
import {type ClientPollOptions, checkPollOptions, clientPollChecks, operationSettings} from './operation-settings.ts';
import {type AcceptedStart, notStarted, type StartRequest, sendStart} from './start-request.ts';
import {withTokenOrigin} from './token-origin.ts';

/** The result of a request that starts an operation: a union on `confirmed`, or on whether there is a `poller`. */
export type StartedOperation<Result = unknown> = {
  /** The head of the response: the HTTP status, and the ids that a support case needs. */
  readonly answer: Answer;
} & (
  | {
      readonly confirmed: true;
      /** It is watching; one whose operation the start already completed has ended. */
      readonly poller: OperationPoller<Result>;
    }
  | {
      /** The service accepted it but does not say where the operation is, so it cannot be watched. */
      readonly confirmed: false;
      readonly poller: undefined;
    }
);

/** Starts an operation and watches it. */
export function start<Result>(
  client: ClientParts,
  protocol: Protocol<Result>,
  request: StartRequest,
  options: ClientPollOptions<Result> = {},
): Promise<StartedOperation<Result>> {
  return startAfterReturn(async (returned) => {
    const own = checkPollOptions(options, startChecks);
    const accepted = await sendStart(client, protocol, request, own);
    return watchStarted<Result>(client, accepted, own, returned);
  });
}

/** For an option that `start` has as an argument. */
const refuseOption: Check = (name) => {
  throw new TypeError(`${name}: start has its own, from its first two arguments`);
};
const startChecks = {...clientPollChecks, protocol: refuseOption, started: refuseOption};

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
 * Watches the operation that the response to a start describes or points to.
 *
 * @param returned watching begins when it resolves
 * @throws OperationNotStartedError when the response breaks off and its head leads nowhere
 * @throws OperationNotWatchableError when the location is on an origin that gets no token, or contains a secret
 */
export function watchStarted<Result = unknown>(
  client: ClientParts,
  accepted: AcceptedStart,
  options: ClientPollOptions,
  returned: Promise<void>,
): StartedOperation<Result> {
  const {method, response} = accepted;
  const {answer, bodyError} = response;
  const {reader, pathRoot} = accepted.settings;
  const received: StartAnswer = {
    ...response,
    url: response.location,
    find: (findByRead) => findByRead(response, redact, redactJson),
  };
  const report = readStart(method, received, reader, client.base, pathRoot);
  if (report.kind === 'unconfirmed') {
    // Nobody knows what the body would have said. A location in the head needs none.
    if (bodyError !== undefined) throw notStarted(bodyError, true);
    return {confirmed: false, poller: undefined, answer};
  }
  const {protocol} = report;
  const own = protocol === reader.protocol ? accepted.settings : operationSettings(client, {...options, protocol});
  const settings: Settings = {...own, startAfter: returned, started: startedBy(client, accepted)};
  const setup =
    report.kind === 'ended'
      ? endedSetup(report.operation, settings, accepted)
      : runningSetup(client, report, settings, accepted, options);
  return {confirmed: true, poller: new OperationPoller<Result>(setup.state, setup.settings), answer};
}

/** The option `started`. Its location is left out where it quotes a secret. */
function startedBy({origin}: ClientParts, {method, url, response}: AcceptedStart): Settings['started'] {
  const location = response.headers.get('location');
  const target = readLocation(location ?? '', response.location)?.href;
  const isUsable = location !== null && target !== undefined && !quotesSecret(target, origin, response);
  return {method, url, ...(isUsable ? {location} : {})};
}

/** Of an operation that had ended by the time of the response to its start. */
function endedSetup(operation: Operation, settings: Settings, {url, response, isSecret}: AcceptedStart): WatchSetup {
  const at = now();
  const first = firstState(url, settings, at);
  const report = isSecret ? withoutBody(operation) : operation;
  const after = transition(first, {type: 'report', operation: report, at, answer: response.answer})?.after;
  return {state: after ?? first, settings};
}

/** @throws OperationNotWatchableError */
function runningSetup(
  client: ClientParts,
  {location, isFirstReport}: Extract<StartReport, {readonly kind: 'watch'}>,
  given: Settings,
  accepted: AcceptedStart,
  options: ClientPollOptions,
): WatchSetup {
  const {response, isSecret} = accepted;
  const {reader} = accepted.settings;
  const {secrets, credentials} = response;
  const isFirst = isFirstReport && !isSecret;
  const wait = isFirst ? 0 : response.retryAfter;
  // What the service asked for beats the protocol's interval.
  const otherDelay = wait === undefined ? reader.minimumInterval : 0;
  const settings: Settings = {
    ...given,
    // Later responses may quote the token of the start.
    secrets,
    credentials,
    initialDelay: Math.max(wait ?? 0, options.initialDelay ?? otherDelay),
    transport: isFirst ? withFirstResponse(response, location, given.transport) : given.transport,
  };
  return {state: startedState(client, location, settings, accepted), settings};
}

/**
 * The first state of an operation that was started. It keeps the wait that the response asked for even where that response is the
 * first report, because a process that dies before it is read resumes without it.
 *
 * @throws OperationNotWatchableError
 */
function startedState(
  client: ClientParts,
  location: string,
  settings: Settings,
  {url, response: {answer, retryAfter, secrets, credentials}}: AcceptedStart,
): WatchState {
  const {origin: tokenOrigin} = client;
  // What the request's own URL contains is not secret, e.g. the name of a tenant that a header contains too.
  const hidden = hasOrigin(location, tokenOrigin) ? credentials : secrets;
  const unknown = hidden.filter((secret) => !containsSecret(url, [secret]));
  // A location is stored and shown, so one that contains a secret is dropped.
  const isSecret = containsSecret(location, unknown) || isRedacted(location);
  // Without a token, any http or https URL will do, and `readStart` finds nothing else.
  const at = now();
  const notBefore = retryAfter === undefined ? undefined : at + retryAfter;
  const first = {...firstState(location, {...settings, token: undefined}, at), notBefore};
  const ours = withTokenOrigin(first, client, settings);
  if (ours !== undefined && !isSecret && !exposesToken(new URL(location), settings)) return ours;
  const redactedLocation = redactUrl(location, tokenOrigin, secrets, maxShownLocation);
  // The token still belongs to the client's origin: a resumed watch sends it elsewhere only if that origin is trusted.
  throw notWatchable({...first, tokenOrigin, redactedLocation}, isSecret, answer);
}

/** @param isSecret whether the location contains a secret */
function notWatchable(state: WatchState, isSecret: boolean, answer: Answer): OperationNotWatchableError {
  const target = new URL(state.location);
  const isSecure = isSecureOrLoopback(target.origin);
  const because = isSecret
    ? 'that location quotes a token or a header of the client, so it is not kept'
    : isSecure
      ? 'no token goes there unless that origin is one of trustedOrigins'
      : 'a token goes there only over https, which is how the resume token watches it';
  // A gateway that ends TLS may write `http`. No origin over http can be trusted, so that location could never be resumed.
  if (!isSecure) target.protocol = 'https:';
  const resumable = isSecure ? state : {...state, location: target.href};
  return new OperationNotWatchableError(
    `The operation was started, but cannot be watched at ${state.redactedLocation}: ${because}`,
    {state, answer, ...(isSecret ? {} : {resumeToken: () => resumeTokenOf(resumable, processClock)})},
  );
}

/** An operation without the body it was parsed from, which contains a secret. */
function withoutBody(operation: Operation): Operation {
  return Object.freeze({...operation, raw: null, ...('result' in operation ? {result: null} : {})});
}

/** A transport that answers the first poll of a location with the response to the start, without sending it. */
function withFirstResponse(response: ServiceResponse, location: string, transport: Transport): Transport {
  const {status, headers, retryAfter, json} = response;
  let first: TransportResponse | undefined = {status, headers, retryAfter, body: {json: linksOf(json)}};
  return async (requested, request) => {
    // What cancels the operation may go there too, before the first poll.
    if (first === undefined || requested !== location || request.method !== 'GET') return transport(requested, request);
    const reused = first;
    first = undefined;
    return reused;
  };
}
