import {exchange} from '../http/exchange.ts';
import {replaceEach} from '../http/key-placeholders.ts';
import {httpError, networkError} from '../http/request-errors.ts';
import {sendingInTime} from '../http/sending-in-time.ts';
import type {ServiceResponse} from '../http/service-response.ts';
import {changingResponses, type ResponseHead, type Transport, type TransportResponse} from '../http/transport.ts';
import {OperationNotStartedError} from '../operation/errors.ts';
import {isPollError} from '../operation/poll-error.ts';
import {checkStartMethod, type Settings} from '../options/settings.ts';
import {checkDefined} from '../protocol/define-preset.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {deriveController} from '../shared/abort.ts';
import {checkHeadersBesideToken} from '../shared/check-headers.ts';
import {checkJson} from '../shared/check-json.ts';
import {type Checks, checkForm, checkOptions} from '../shared/check-options.ts';
import {now} from '../shared/clock.ts';
import {messageOf} from '../shared/describe-error.ts';
import {readLocation} from '../shared/location.ts';
import type {ClientParts} from './client-parts.ts';
import {lowerCaseHeaders} from './headers.ts';
import {type ClientPollOptions, operationSettings} from './operation-settings.ts';
import {checkPath} from './path.ts';

/** A request that starts an operation; `undefined` means absent. */
export interface StartRequest {
  /** Default `'POST'`. */
  readonly method?: 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'GET' | undefined;
  /** Where it goes: a path, which is appended to the client's root, e.g. `/exports`, or an absolute URL on its origin. */
  readonly path: string;
  /** The body, all of which JSON can express. Default: no body. */
  readonly body?: unknown;
  /** Further headers, which take precedence over those of the protocol and the client. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A check for each field of a start. */
const startRequestChecks = {
  method: checkStartMethod,
  path: checkForm("a path such as '/exports'", (path) => typeof path === 'string'),
  // Later on, a failure to send it would look as if the service might have received it.
  body: checkJson,
  headers: checkHeadersBesideToken,
} satisfies Checks<StartRequest>;

/** A start that the service accepted. */
export interface AcceptedStart {
  readonly method: NonNullable<StartRequest['method']>;
  readonly url: string;
  /** The settings for watching, by the protocol that the response is read by. */
  readonly settings: Settings;
  readonly response: ServiceResponse;
  /** Whether the response's body may contain a secret: then it becomes neither the result nor the first report. */
  readonly isSecret: boolean;
}

/**
 * Sends the request that starts an operation, once; after a 401, which comes before anything is done, once more with a new
 * token.
 *
 * @param redactResponse removes a secret from the response; given where the response may contain one
 * @throws OperationNotStartedError; TypeError or RangeError when the request or an option is invalid
 */
export async function sendStart(
  client: ClientParts,
  protocol: Protocol,
  request: StartRequest,
  options: ClientPollOptions,
  redactResponse: (response: TransportResponse) => TransportResponse = unchanged,
): Promise<AcceptedStart> {
  checkDefined(protocol); // First, so that the error names the argument that was forgotten.
  const form = {name: 'request', prefix: '', takes: 'an object with a path', required: ['path']};
  const {method = 'POST', path, body: json, headers} = checkOptions(request, startRequestChecks, form);
  if (method === 'GET' && json !== undefined) throw new TypeError('body: a GET has none');
  const {origin: tokenOrigin, base, keys, startToken, startTimeout} = client;
  const url = replaceEach(requestUrl(path, base), keys.byKey);
  const settings = operationSettings(client, {...options, protocol});
  const {reader, signal} = settings;
  const {controller, dispose} = deriveController(signal);
  const deadlineAt = now() + startTimeout;
  // Whether a request has left, other than one that was refused for its token.
  let wasSent = false;
  const inTime = sendingInTime(client.startTransport, deadlineAt, startTimeout);
  const redacting = changingResponses(inTime, redactResponse);
  const transport: Transport = (location, sent) => {
    const onSent = (): void => {
      wasSent = true;
      sent.onSent();
    };
    const onHead = (head?: ResponseHead): void => {
      if (head?.status === 401) wasSent = false;
      sent.onHead(head);
    };
    return redacting(location, {...sent, onSent, onHead});
  };
  try {
    const furtherHeaders = {...lowerCaseHeaders(reader.protocol.requestHeaders), ...lowerCaseHeaders(headers)};
    const sent = {method, json, headers: furtherHeaders, location: url, tokenOrigin, takesText: false};
    const response = await exchange(
      // A start needs a token, even where polling does not, and its status is no word of the operation.
      {...settings, token: startToken, transport, reader: {...reader, sendsToken: true, unfollowed: []}},
      {...sent, operationLocation: undefined, signal: controller, deadlineAt, requestTimeout: startTimeout},
    );
    if (response.status >= 300) throw httpError(response, tokenOrigin, reader);
    return {method, url, settings, response, isSecret: redactResponse !== unchanged};
  } catch (cause) {
    throw notStarted(controller.aborted ? cause : networkError(cause, settings.secrets), wasSent);
  } finally {
    dispose();
  }
}

const unchanged = (response: TransportResponse): TransportResponse => response;

/** The error for a start that failed. @param wasSent whether the request has left */
export function notStarted(cause: unknown, wasSent: boolean): OperationNotStartedError {
  const mayHaveStarted = wasSent && mayBeProcessed(cause);
  const outcome = mayHaveStarted ? 'Whether the operation was started is not known' : 'The operation was not started';
  const answer = isPollError(cause) ? cause.answer : undefined;
  return new OperationNotStartedError(`${outcome}: ${messageOf(cause)}`, mayHaveStarted, {answer, cause});
}

/** Codes of connections that were never made. */
const unsent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether the service may be processing a request that failed in this way. */
function mayBeProcessed(cause: unknown): boolean {
  if (!isPollError(cause)) return true;
  const {kind, httpStatus, code} = cause;
  if (kind === 'token') return false;
  if (httpStatus !== undefined) return httpStatus >= 500 || httpStatus < 400;
  return !code || !unsent.has(code);
}

/** Where a request goes: a path under the client's base, or an absolute URL on its root. */
function requestUrl(path: string, base: string): string {
  const isUnderBase = path.startsWith('/');
  if (isUnderBase) checkPath('path', path);
  const url = isUnderBase ? base + path : path;
  const {origin} = new URL(base);
  if (readLocation(url)?.origin === origin) return url;
  throw new TypeError(`path: expected a path that begins with /, or a URL on ${origin}`);
}
