import {isPollError, PollError} from '../operation/poll-error.ts';
import type {Answer} from '../operation/state.ts';
import {keepLinks} from '../protocol/links.ts';
import type {ProtocolReader} from '../protocol/protocol-reader.ts';
import type {Signal} from '../shared/abort.ts';
import {sharedText} from '../shared/shared-text.ts';
import {type RequestSecrets, redact, redactJson, type Secrets, textMayContainSecret} from './redact.ts';
import {networkError, protocolError} from './request-errors.ts';
import {asWait} from './retry-after.ts';
import type {RequestTarget, ServiceResponse} from './service-response.ts';
import {type Progress, type RequestLimits, withTimeLimit} from './time-limit.ts';
import {
  createResponse,
  parseBody,
  type ResponseHead,
  type ResponseHeaders,
  type Transport,
  type TransportRequest,
  type TransportResponse,
} from './transport.ts';

/** What all requests of a poller have in common. Their secrets besides the token are what the transport sends of its own. */
export interface SendSettings extends RequestSecrets {
  readonly reader: Pick<ProtocolReader, 'authorization' | 'retryAfter'>;
  readonly transport: Transport;
  /** How long one request may take, in milliseconds. */
  readonly requestTimeout: number;
  /** How long a response's body may be, in bytes. */
  readonly maxResponseSize: number;
  /** The longest `Retry-After` that is kept, in milliseconds; `undefined`: any. */
  readonly maxRetryAfter: number | undefined;
}

/** What is sent, wherever it goes. No field may be left out: one could be found in a polluted `Object.prototype`, such as a method. */
export interface RequestContent {
  readonly method: TransportRequest['method'];
  /** What is sent as JSON. */
  readonly json: unknown;
  /** Whether the response's body is text, which is not parsed. */
  readonly takesText: boolean;
  /** Further headers. */
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** How long it may take, in milliseconds. Default as for all requests; a token has that time in any case. */
  readonly requestTimeout: number | undefined;
}

/**
 * Sends one request and reads its response. Where the body cannot be read to its end, the head counts all the same: it may say
 * that the service has accepted the request, or when to come back.
 *
 * @throws PollError when there is no response; the signal's reason when it aborts
 */
export function send(
  settings: SendSettings,
  request: RequestContent & RequestLimits,
  target: RequestTarget,
): Promise<ServiceResponse> {
  const {requestTimeout = settings.requestTimeout} = request;
  const clientRequestId = crypto.randomUUID();
  const headers = requestHeaders(request, target, clientRequestId, settings.reader.authorization);
  const read = (response: TransportResponse, cause?: PollError): ServiceResponse =>
    readResponse(settings, request, target, clientRequestId, response, cause);
  const fail = (error: unknown): never => {
    throw networkError(error, target.secrets);
  };
  let head: ResponseHead | undefined;
  // Not by spreading, here and in the response: in front of further fields, that takes longer than all the rest of a request.
  const work = (signal: Signal, {onHeldBack, onSent, onRequeued, onHead}: Progress): Promise<ServiceResponse> =>
    settings
      .transport(target.location, {
        method: request.method,
        headers,
        json: request.json,
        isForeign: target.isForeign,
        maxBodyLength: settings.maxResponseSize,
        maxRetryAfter: settings.maxRetryAfter,
        signal,
        onHeldBack,
        onSent,
        onRequeued,
        onHead: (arrived) => {
          // A mock of `fetch` may give an object without headers.
          if (arrived?.headers && isStatus(arrived.status)) head = arrived;
          onHead();
        },
      })
      .then(read, fail);
  const recover = (error: unknown): ServiceResponse => {
    // The reason of an abort may be a PollError too.
    if (head === undefined || request.signal.aborted || !isPollError(error)) throw error;
    return read(createResponse(head), error);
  };
  return withTimeLimit(requestTimeout, request, 'request', work, recover);
}

const sharedHeader = /* @__PURE__ */ sharedText();
const sharedDate = /* @__PURE__ */ sharedText();

const acceptJson = 'application/json';
const acceptText = '*/*';

/** Whether a request accepts what all requests do, and nothing that its caller named. */
export function acceptsByDefault(accept: string | undefined): boolean {
  return accept === acceptJson || accept === acceptText;
}

function requestHeaders(
  {takesText, headers: others = {}}: RequestContent,
  {token, trusted}: RequestTarget,
  clientRequestId: string,
  {header, prefix}: ProtocolReader['authorization'],
): TransportRequest['headers'] {
  const headers: Record<string, string | undefined> = {
    accept: takesText ? acceptText : acceptJson,
    'client-request-id': clientRequestId,
  };
  if (token !== undefined) headers[header] = sharedHeader(token, prefix);
  else if (!trusted) {
    // The ky instance's own credentials, if it has any, belong to the token's origin too.
    headers['authorization'] = undefined;
    headers[header] = undefined;
  }
  // Not by spreading: a frozen object is spread slowly, and this happens at each poll.
  for (const own of Object.keys(others)) {
    const replaces = own === 'accept' && !takesText;
    if (replaces || !Object.hasOwn(headers, own)) headers[own] = others[own];
  }
  return headers;
}

/** @param cause why there is no body */
function readResponse(
  {reader, maxResponseSize, maxRetryAfter}: SendSettings,
  {method, takesText}: RequestContent,
  {location, secrets, credentials, isForeign, redirected}: RequestTarget,
  clientRequestId: string,
  {status, headers, retryAfter: wait, body}: TransportResponse,
  cause: PollError | undefined,
): ServiceResponse {
  const answer = readAnswer(status, headers, clientRequestId, secrets);
  if (!isStatus(status)) {
    throw protocolError(`the HTTP status ${status}`, {answer, retryAfter: atMost(wait, maxRetryAfter)});
  }
  const links = body && readBody(body, credentials, takesText && status < 300);
  const json = credentials === secrets ? links : redactJson(links, secrets);
  keepLinks(json, links);
  const retryAfter = atMost(wait ?? asWait(reader.retryAfter?.(headers, json)), maxRetryAfter);
  return {
    status,
    headers,
    retryAfter,
    json,
    bodyError: body === undefined ? bodyError(cause, maxResponseSize, {answer, retryAfter}) : undefined,
    answer,
    method,
    location,
    redirected,
    isForeign,
    seeOther: undefined,
    sameToken: undefined,
    secrets,
    credentials,
  };
}

function isStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 100 && status <= 599;
}

/** Why a body was not read to its end. @param cause absent where it is too long */
function bodyError(
  cause: PollError | undefined,
  maxResponseSize: number,
  facts: Pick<ServiceResponse, 'answer' | 'retryAfter'>,
): PollError {
  if (cause === undefined) {
    const why = `a body of more than ${maxResponseSize} bytes, the most that the option maxResponseSize allows`;
    return protocolError(why, facts, 'protocol');
  }
  return new PollError(cause.message, {...cause, retryAfter: facts.retryAfter});
}

/** The body without secrets: as JSON, or as it is where text is wanted. */
function readBody(body: NonNullable<TransportResponse['body']>, secrets: Secrets, asText: boolean): unknown {
  if ('json' in body) return redactJson(body.json, secrets);
  const json = asText ? body.text : parseBody(body);
  return textMayContainSecret(body.text, secrets) ? redactJson(json, secrets) : json;
}

function atMost(wait: number | undefined, longest = Number.POSITIVE_INFINITY): number | undefined {
  return wait === undefined ? undefined : Math.min(wait, longest);
}

function readAnswer(httpStatus: number, headers: ResponseHeaders, clientRequestId: string, secrets: Secrets): Answer {
  const requestId = redact(headers.get('request-id') ?? headers.get('x-ms-request-id'), secrets);
  const givenDate = redact(headers.get('date'), secrets);
  const date = givenDate && sharedDate(givenDate);
  // Each waiting operation keeps its last one, and literals take the least memory.
  if (requestId === undefined) {
    return Object.freeze(date === undefined ? {httpStatus, clientRequestId} : {httpStatus, clientRequestId, date});
  }
  const identified = {httpStatus, requestId, clientRequestId};
  return Object.freeze(date === undefined ? identified : {httpStatus, requestId, clientRequestId, date});
}
