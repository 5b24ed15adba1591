import isNetworkError from 'is-network-error';
import {maxShownLocation} from '../operation/abandon-error.ts';
import {isPollError, PollError, type PollErrorFacts} from '../operation/poll-error.ts';
import type {AbandonReason} from '../operation/state.ts';
import {asString} from '../protocol/as-text.ts';
import {readHttpFault} from '../protocol/error-object.ts';
import type {ProtocolReader} from '../protocol/protocol-reader.ts';
import {hasThrottlingCode} from '../protocol/throttling.ts';
import {describeError} from '../shared/describe-error.ts';
import {isObject} from '../shared/json.ts';
import {redact, redactUrl, type Secrets} from './redact.ts';
import type {ServiceResponse} from './service-response.ts';

const transientStatuses: readonly number[] = [408, 500, 502, 503, 504, 509];

const endingStatuses: Readonly<Record<number, AbandonReason>> = {
  401: 'unauthorized',
  403: 'forbidden',
  410: 'notFound',
};

/**
 * What Node says where it cannot even try to connect: an agent with wrong options, or an option that some other code has added to
 * `Object.prototype`. No retry helps.
 */
const unsendable = ['ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_VALUE', 'ERR_OUT_OF_RANGE'];

/** The error for a response that is not an operation. */
export function httpError(response: ServiceResponse, tokenOrigin: string, reader: ProtocolReader): PollError {
  const {status, headers, json, answer, retryAfter, method, location, redirected, isForeign, sameToken, secrets} =
    response;
  const error = readHttpFault(json, reader);
  const code = redact(error.code, secrets);
  const message = redact(error.message, secrets);
  // By 429, by 403 with a `Retry-After`, or as the protocol says.
  const throttled =
    status === 429 ||
    (status === 403 && (retryAfter !== undefined || headers.has('retry-after'))) ||
    (status >= 400 && status !== 401 && hasThrottlingCode(json, reader));
  const facts: PollErrorFacts = {
    kind: 'http',
    transient: throttled || transientStatuses.includes(status),
    throttled,
    answer,
    code,
    retryAfter,
    // A foreign host that a redirect led to does not speak for the service.
    ends: throttled || (isForeign && redirected) ? undefined : endingStatuses[status],
  };
  const where = redactUrl(location, redirected ? '' : tokenOrigin, secrets, maxShownLocation);
  const details = [code, message].filter(Boolean).join(', ').replaceAll(where, '…');
  const own = sameToken ? ` (${sameToken})` : '';
  return new PollError(`${method} ${where} answered ${status}${own}${details && `: ${details}`}`, facts);
}

/** The error for a response that cannot be read as an operation. */
export function protocolError(
  why: string,
  {answer, retryAfter}: Pick<ServiceResponse, 'answer' | 'retryAfter'>,
  ends?: 'protocol',
): PollError {
  const message = `The response cannot be read as an operation: ${why}`;
  return new PollError(message, {kind: 'protocol', transient: false, answer, retryAfter, ends});
}

/** The error for what ky or fetch threw, without what they attach: their errors hold the request, their messages its URL. */
export function networkError(error: unknown, secrets: Secrets): PollError {
  if (isPollError(error)) return error;
  let code: string | undefined;
  let innermost: unknown = error;
  let isMistake = false;
  try {
    for (let cause: unknown = error, depth = 0; isObject(cause) && depth < 5; depth++) {
      code = redact(asString(cause['code']), secrets) ?? code;
      innermost = cause;
      cause = cause['cause'];
    }
    isMistake = isProgrammingError(error);
  } catch {
    // What cannot be read is left out.
  }
  const described = redact(describeError(innermost).replace(/\bhttps?:\S+/gi, '[url]'), secrets);
  const why = code ?? described;
  const fail = (message: string, ends?: 'unreachable'): PollError =>
    new PollError(message, {kind: 'network', transient: ends === undefined, code, ends});
  if (unsendable.includes(why)) return fail(`The request cannot be sent: ${why}, ${described}`, 'unreachable');
  if (isMistake) return fail(`${why} (thrown by the ky instance: a hook, or its fetch)`, 'unreachable');
  return fail(`No answer: ${why}`);
}

/** Whether an error is a bug in a hook, which no retry can fix. */
function isProgrammingError(error: unknown): boolean {
  const isMistake = error instanceof TypeError || error instanceof ReferenceError || error instanceof SyntaxError;
  return isMistake && error.cause === undefined && !('code' in error) && !isNetworkError(error);
}
