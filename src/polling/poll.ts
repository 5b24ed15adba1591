import pRetry, {type RetryContext} from 'p-retry';
import {exchange, quotesSecret, type ServiceRequest, type TokenRefresh} from '../http/exchange.ts';
import {redact, redactJson} from '../http/redact.ts';
import {httpError, networkError, protocolError} from '../http/request-errors.ts';
import type {ServiceResponse} from '../http/service-response.ts';
import {optionError, withTimeLimit} from '../http/time-limit.ts';
import {hasEnded, type Operation} from '../operation/operation.ts';
import {isPollError, type PollError} from '../operation/poll-error.ts';
import type {Answer} from '../operation/state.ts';
import type {Settings} from '../options/settings.ts';
import {parseFound, parseOperation, succeededByHttp} from '../protocol/parse-operation.ts';
import {toAbortSignal} from '../shared/abort.ts';
import {now, shiftTime} from '../shared/clock.ts';
import {describeError} from '../shared/describe-error.ts';
import {readLocation} from '../shared/location.ts';

/** The request of a poll, with its limits. */
export interface PollRequest extends ServiceRequest {
  /** The operation as the last response described it, read by the same protocol. */
  readonly known?: Operation | undefined;
  /** When watching ends, in milliseconds since 1970, even if that has passed: no retry begins from then on. */
  readonly retryUntil: number | undefined;
  /** Called when a request failed and is made again after `delay` milliseconds. */
  readonly onRetry: (error: PollError, delay: number) => void;
}

interface ReportBase {
  readonly answer: Answer;
  /** The response's `Retry-After`, in milliseconds. */
  readonly retryAfter: number | undefined;
}

/**
 * The request of a runner with a clock of its own, as {@link poll} takes it: requests are limited by the clock of the process,
 * which does not jump when the wall clock is set.
 *
 * @param ahead how far the runner's clock is ahead of the process's, in milliseconds
 */
export function byProcessClock(request: PollRequest, ahead: number): PollRequest {
  if (ahead === 0) return request;
  const {deadlineAt, retryUntil, onHeldBack} = request;
  return {
    ...request,
    deadlineAt: shiftTime(deadlineAt, -ahead),
    retryUntil: shiftTime(retryUntil, -ahead),
    onHeldBack: onHeldBack && ((until) => onHeldBack(until + ahead)),
  };
}

/** A new location of the operation. It is not followed to an origin that the protocol does not allow. */
export type Relocation =
  | {readonly followed: true; readonly location: string}
  | {readonly followed: false; readonly to: string};

/** What a poll found out. */
export type Report =
  | (ReportBase & {
      readonly is: 'operation';
      readonly operation: Operation;
      /** Its status word, where only the protocol's `otherWords` gives that a meaning. */
      readonly unknownWord?: string | undefined;
      /** The operation's new location, if the response gives one. */
      readonly relocation: Relocation | undefined;
    })
  | (ReportBase & {readonly is: 'unknownStatus'; readonly rawStatus: string})
  | {readonly is: 'failure'; readonly error: PollError};

/**
 * Asks the service once: one GET of the location, unchanged. A transient failure is retried by p-retry, unless the
 * service says when to come back: that wait is the watch's, which can be stopped, resumed and handed to a queue.
 *
 * @throws the signal's reason when it aborts, and nothing else
 */
export function poll(settings: Settings, request: PollRequest): Promise<Report> {
  const refresh: TokenRefresh = {done: false};
  const {maxRetryTime = Number.POSITIVE_INFINITY} = settings.retry;
  const retriesEndAt = now() + maxRetryTime;
  const ask = (): Promise<Report> =>
    exchange(settings, request, refresh).then((response) => readReport(settings, request, response));
  return ask().catch((error) => retry(settings, request, ask, error, retriesEndAt));
}

/** p-retry, once there is something to retry: its first attempt is the one that has failed already. */
async function retry(
  settings: Settings,
  request: PollRequest,
  ask: () => Promise<Report>,
  firstError: unknown,
  retriesEndAt: number,
): Promise<Report> {
  const {signal, retryUntil = Number.POSITIVE_INFINITY, onRetry} = request;
  const limit = <Returned>(hook: (context: RetryContext) => Returned | Promise<Returned>) => {
    // A hook ends with the poll even if it never returns.
    return (context: RetryContext) => withTimeLimit(0, request, 'retry', async () => hook(context), refuseThrown);
  };
  const {onFailedAttempt = () => {}, shouldConsumeRetry = () => true, shouldRetry = () => true} = settings.retry;
  const maySendAgain = limit(shouldRetry);
  try {
    return await pRetry(
      async (number) => {
        if (number === 1) throw firstError;
        return ask();
      },
      {
        ...settings.retry,
        onFailedAttempt: limit(onFailedAttempt),
        shouldConsumeRetry: limit(shouldConsumeRetry),
        maxRetryTime: Math.max(0, retriesEndAt - now()),
        signal: toAbortSignal(signal),
        shouldRetry: async (context) => {
          const {error, retryDelay} = context;
          if (!isPollError(error) || !error.transient || error.retryAfter !== undefined) return false;
          if (now() + retryDelay >= retryUntil) return false;
          if (!(await maySendAgain(context))) return false;
          onRetry(error, retryDelay);
          return true;
        },
      },
    );
  } catch (error) {
    signal.throwIfAborted();
    return {is: 'failure', error: networkError(error, settings.secrets)};
  }
}

/** @param error what a hook threw: perhaps the error of the poll, which it was given */
function refuseThrown(error: unknown): never {
  throw isPollError(error) ? error : optionError('retry', `threw ${describeError(error)}`);
}

/**
 * What a response says of the operation. An HTTP status that means success by itself counts first, then one that the protocol lists or
 * that its `read` takes. Any other HTTP error is a failure, unless its body is an operation with an id, and the token was not refused.
 *
 * @throws PollError
 */
function readReport(settings: Settings, request: PollRequest, response: ServiceResponse): Report {
  const {status, bodyError, answer, retryAfter, seeOther} = response;
  const {reader} = settings;
  if (bodyError?.ends !== undefined) throw bodyError;
  const {protocol, read} = reader;
  // What a foreign host says after a redirect is not the service's word.
  const isOwn = !(response.isForeign && response.redirected);
  const isEnd =
    status === 303
      ? protocol.seeOtherSucceeds
      : protocol.notFoundSucceeds && (status === 404 || status === 410) && isOwn;
  if (isEnd) {
    return {is: 'operation', operation: succeededByHttp(status, seeOther), answer, retryAfter, relocation: undefined};
  }
  const isListed = isOwn && (read ? ![401, 403, 429].includes(status) : protocol.httpStatuses?.[status] !== undefined);
  const isError = status >= 400 && !isListed;
  if (isError && (read || status === 401 || status === 403)) throw httpError(response, request.tokenOrigin, reader);
  const parsed = read
    ? parseFound(response, reader, read(response, redact, redactJson))
    : parseOperation(response, reader, isError ? 0 : status, request.known);
  // A body that is an operation beats the HTTP status; an error body that merely has a status does not.
  const isOperation = parsed.is === 'operation' && !(isError && parsed.operation.id === undefined);
  if (status >= 400 && !isOperation) throw httpError(response, request.tokenOrigin, reader);
  if (parsed.is === 'unreadable') throw bodyError ?? protocolError(redact(parsed.why, response.secrets), response);
  if (parsed.is === 'unknownStatus') return {is: 'unknownStatus', rawStatus: parsed.rawStatus, answer, retryAfter};
  const {operation, unknownWord} = parsed;
  const relocation = hasEnded(operation) ? undefined : readRelocation(settings, request, response);
  return {is: 'operation', operation, unknownWord, answer, retryAfter, relocation};
}

/** The operation's new location, if the response gives one. */
function readRelocation(
  {reader, trustedOrigins}: Settings,
  request: PollRequest,
  response: ServiceResponse,
): Relocation | undefined {
  const {location, headers, secrets} = response;
  const {moveHeaders, foreignHosts, sendsToken} = reader;
  for (const name of moveHeaders) {
    const header = headers.get(name);
    if (header === null) continue;
    if (header === request.location) return undefined;
    const current = new URL(request.location);
    const target = readLocation(header, location);
    if (target === undefined) return {followed: false, to: 'not an http or https URL'};
    if (target.href === current.href) return undefined;
    const ownOrigin = sendsToken ? request.tokenOrigin : current.origin;
    const isAllowed = target.origin === ownOrigin || trustedOrigins.has(target.origin) || foreignHosts;
    // A location is stored and shown: one that holds the token is not kept.
    return isAllowed && !quotesSecret(target.href, request.tokenOrigin, response)
      ? {followed: true, location: target.href}
      : {followed: false, to: redact(target.origin, secrets)};
  }
  return undefined;
}
