import {isRecord} from './checks.ts';
import type {GraphRequest} from './graph-request.ts';
import type {Fault} from './operation-step.ts';

/** An answer as plain data, ready to be sent over HTTP or put into a batch. */
export interface Answer {
  readonly http: number;
  /** Names in lower case, so that one set of headers can override another. */
  readonly headers: AnswerHeaders;
  readonly text: string;
  /** Milliseconds until the answer is sent. */
  readonly delay?: number | undefined;
  readonly fault?: Fault | undefined;
}

export type AnswerHeaders = Readonly<Record<string, string | string[]>>;

/** Graph's own content type: a client that compares the whole header with `application/json` fails here. */
const jsonType = 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';

/** HTTP allows no body with these, whatever the script says. */
const withoutBody: readonly number[] = [204, 205, 304];

export function jsonAnswer(http: number, body: unknown, headers: AnswerHeaders = {}): Answer {
  if (withoutBody.includes(http)) return {http, headers, text: ''};
  return {http, headers: {'content-type': jsonType, ...headers}, text: JSON.stringify(body)};
}

export function textAnswer(http: number, text: string, headers: AnswerHeaders = {}): Answer {
  if (text === '' || withoutBody.includes(http)) return {http, headers, text: ''};
  const type = text.trimStart().startsWith('<') ? 'text/html; charset=utf-8' : jsonType;
  return {http, headers: {'content-type': type, ...headers}, text};
}

const challenge =
  'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", ' +
  'client_id="00000003-0000-0000-c000-000000000000"';

/** Graph's `code` and a message for each HTTP status. */
const errorTexts: ReadonlyMap<number, readonly [code: string, message: string]> = new Map([
  [400, ['BadRequest', 'The request is malformed.']],
  [401, ['InvalidAuthenticationToken', 'Access token has expired or is not yet valid.']],
  [403, ['Authorization_RequestDenied', 'Insufficient privileges to complete the operation.']],
  [404, ['itemNotFound', 'The resource could not be found.']],
  [405, ['methodNotAllowed', 'The method is not allowed on the resource.']],
  [408, ['requestTimeout', 'The request timed out.']],
  [409, ['conflict', 'The request conflicts with the current state of the resource.']],
  [410, ['resourceGone', 'The resource is no longer available.']],
  [413, ['RequestEntityTooLarge', 'The body of the request is too long.']],
  [423, ['resourceLocked', 'The resource is locked.']],
  [424, ['failedDependency', 'A request that this one depends on has failed.']],
  [429, ['TooManyRequests', 'Too many requests.']],
  [500, ['generalException', 'An unspecified error has occurred.']],
  [501, ['notSupported', 'The request is not supported.']],
  [502, ['badGateway', 'A server upstream gave an invalid answer.']],
  [503, ['serviceNotAvailable', 'The service is temporarily unavailable.']],
  [504, ['gatewayTimeout', 'A server upstream did not answer in time.']],
  [508, ['loopDetected', 'The server found an endless loop.']],
  [509, ['bandwidthLimitExceeded', 'The bandwidth limit is exceeded.']],
]);

/** How an error differs from the default of its HTTP status. */
export interface GraphErrorDetails {
  readonly code?: string;
  readonly message?: string;
  readonly headers?: AnswerHeaders;
  /** An object overrides single fields of the error; any other value replaces all of it. */
  readonly error?: unknown;
  /** Fields next to `error`. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** An error in Graph's format, with the ids of the request in its `innerError`. */
export function graphError(http: number, request: GraphRequest, details: GraphErrorDetails = {}): Answer {
  const [code, message] = errorTexts.get(http) ?? ['UnknownError', `The service answered ${http}.`];
  const defaults = {
    code: details.code ?? code,
    message: details.message ?? message,
    innerError: {
      // Graph writes this date, and no other, without a time zone.
      date: new Date(request.now).toISOString().slice(0, 19),
      'request-id': request.requestId,
      'client-request-id': request.clientRequestId,
    },
  };
  const error =
    details.error === undefined || isRecord(details.error) ? {...defaults, ...details.error} : details.error;
  const headers = http === 401 ? {'www-authenticate': challenge, ...details.headers} : details.headers;
  return jsonAnswer(http, {error, ...details.fields}, headers);
}

/** The `WWW-Authenticate` header that asks for a token with these claims. */
export function claimsChallenge(claims: string | Readonly<Record<string, unknown>>): string {
  const json = typeof claims === 'string' ? claims : JSON.stringify(claims);
  return `${challenge}, error="insufficient_claims", claims="${Buffer.from(json).toString('base64')}"`;
}

/** How the answer that starts an operation gives its location. */
export type LocationForm = 'absolute' | 'relative' | 'none';

/** The header that gives the location of a started operation. */
export function locationHeader(
  location: string,
  {root, header, form}: {readonly root: string; readonly header: string; readonly form: LocationForm},
): AnswerHeaders {
  if (form === 'none') return {};
  // Graph's relative locations lack the version, too.
  const relative = () => location.slice(root.length).replace(/^\/(?:v1\.0|beta)(?=\/)/, '');
  return {[header.toLowerCase()]: form === 'absolute' ? location : relative()};
}
