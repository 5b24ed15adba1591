import {exchange} from '../http/exchange.ts';
import {httpError} from '../http/request-errors.ts';
import type {ServiceResponse} from '../http/service-response.ts';
import type {Transport, TransportResponse} from '../http/transport.ts';
import {OperationNotStartedError, PollError} from '../operation/errors.ts';
import type {Protocol} from '../protocol/protocol.ts';
import type {ProtocolReader} from '../protocol/protocol-reader.ts';
import {deriveController} from '../shared/abort.ts';
import {type Checks, checkIsObject, checkOptions, expected, isA, isOneOf} from '../shared/check-options.ts';
import {readLocation} from '../shared/location.ts';
import {printable} from '../shared/printable.ts';
import type {ClientParts} from './client-parts.ts';
import {type GraphPollOptions, operationSettings} from './operation-settings.ts';

/** A request that starts an operation. */
export interface GraphRequest {
  /** Default `'POST'`. */
  readonly method?: 'POST' | 'PUT' | 'PATCH';
  /** Where it goes: a path under the client's root and version, e.g. `/teams/{id}/clone`, or an absolute URL on the root. */
  readonly path: string;
  /** What is sent as JSON; absent: no body. */
  readonly body?: unknown;
  /** Further headers; those that the protocol asks for are sent without. */
  readonly headers?: Readonly<Record<string, string>>;
}

const isPath = isA("a path such as '/teams'", (path) => typeof path === 'string');

const requestChecks = {
  method: isOneOf('POST', 'PUT', 'PATCH'),
  path: isPath,
  body: () => {}, // Anything may be sent.
  headers: checkHeaders,
} satisfies Checks<GraphRequest>;

/** A start that the service accepted. */
export interface AcceptedStart {
  readonly method: 'POST' | 'PUT' | 'PATCH';
  readonly url: string;
  /** How the response is to be read. */
  readonly reader: ProtocolReader;
  readonly response: ServiceResponse;
  /** Whether the response's body may contain a secret: then it becomes neither the result nor the first report. */
  readonly isSecret: boolean;
}

/**
 * Sends the request that starts an operation, once; after a 401, which comes before anything is done, once more with a new
 * token.
 *
 * @param redactResponse given where the responses may contain a secret: what others may know of one
 * @throws OperationNotStartedError; TypeError or RangeError when the request or an option is invalid
 */
export async function sendStart(
  client: ClientParts,
  protocol: Protocol,
  request: GraphRequest,
  options: GraphPollOptions,
  redactResponse?: (response: TransportResponse) => TransportResponse,
): Promise<AcceptedStart> {
  checkIsObject('request', request, 'an object with a path');
  checkOptions(request, requestChecks);
  const {method = 'POST', body: json, headers} = request;
  const {root: tokenOrigin, base, startToken} = client;
  const url = requestUrl(request.path, base);
  const settings = operationSettings(client, {...options, protocol}, startToken);
  const {reader, signal} = settings;
  const {controller, dispose} = deriveController(signal);
  // Whether a request has left, other than one that was refused for its token.
  let wasSent = false;
  const transport: Transport = async (location, sent) => {
    const onSent = (): void => {
      wasSent = true;
      sent.onSent();
    };
    const response = await settings.transport(location, {...sent, onSent});
    if (response.status === 401) wasSent = false;
    return redactResponse === undefined ? response : redactResponse(response);
  };
  try {
    const sent = {method, json, headers: {...reader.protocol.requestHeaders, ...headers}, location: url, tokenOrigin};
    const response = await exchange(
      {...settings, transport, reader: {...reader, sendsToken: true}}, // A start needs a token, even where polling does not.
      {...sent, signal: controller, deadlineAt: undefined},
    );
    if (response.status >= 300) throw httpError(response, tokenOrigin, reader);
    return {method, url, reader, response, isSecret: redactResponse !== undefined};
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const mayHaveStarted = wasSent && mayBeProcessed(cause);
    throw new OperationNotStartedError(`The operation was not started: ${why}`, mayHaveStarted, {cause});
  } finally {
    dispose();
  }
}

/** Codes of connections that were never made. */
const unsent: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Whether the service may be processing a request that failed in this way. */
function mayBeProcessed(cause: unknown): boolean {
  if (!(cause instanceof PollError)) return true;
  const {kind, httpStatus, code} = cause;
  if (kind === 'token') return false;
  if (httpStatus !== undefined) return httpStatus >= 500 || httpStatus < 400;
  return code === undefined || !unsent.has(code);
}

function checkHeaders(name: string, headers: unknown): void {
  checkIsObject(name, headers, 'an object with a string for each header');
  for (const [header, value] of Object.entries(headers)) {
    // What was given is not shown: it may be a secret.
    if (typeof value !== 'string') throw expected(`${name}.${header}`, 'a string', typeof value);
    if (header.toLowerCase() === 'authorization') {
      throw new TypeError(printable(`${name}.${header}: expected no token here, it is the option token of the client`));
    }
  }
}

/** Where a request goes: a path under the client's base, or an absolute URL on its root. */
function requestUrl(path: string, base: string): string {
  isPath('path', path);
  const url = path.startsWith('/') ? base + path : path;
  const {origin} = new URL(base);
  if (readLocation(url)?.origin === origin) return url;
  throw new TypeError(`path: expected a path that begins with /, or a URL on ${origin}`);
}
