import type {Answer, AnswerHeaders} from './answer.ts';
import {jsonAnswer} from './answer.ts';
import {isRecord} from './checks.ts';
import type {GraphRequest} from './graph-request.ts';

const challenge =
  'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", ' +
  'client_id="00000003-0000-0000-c000-000000000000"';

/** Graph's `code` and a message for an HTTP status that a script asked for. */
const known: ReadonlyMap<number, readonly [code: string, message: string]> = new Map([
  [400, ['BadRequest', 'The request is malformed.']],
  [401, ['InvalidAuthenticationToken', 'Access token has expired or is not yet valid.']],
  [403, ['Authorization_RequestDenied', 'Insufficient privileges to complete the operation.']],
  [404, ['itemNotFound', 'The resource could not be found.']],
  [405, ['methodNotAllowed', 'The method is not allowed on the resource.']],
  [408, ['requestTimeout', 'The request timed out.']],
  [409, ['conflict', 'The request conflicts with the current state of the resource.']],
  [410, ['resourceGone', 'The resource is no longer available.']],
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

/** What differs from the usual error of an HTTP status. */
export interface GraphErrorDetails {
  readonly code?: string;
  readonly message?: string;
  readonly headers?: AnswerHeaders;
  /** Fields that replace those of the error object; anything but an object replaces it whole. */
  readonly error?: unknown;
  /** Further fields beside `error`. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** An error as Graph words it, with the ids of the request in its `innerError`. */
export function graphError(http: number, request: GraphRequest, details: GraphErrorDetails = {}): Answer {
  const [code, message] = known.get(http) ?? ['UnknownError', `The service answered ${http}.`];
  const usual = {
    code: details.code ?? code,
    message: details.message ?? message,
    innerError: {
      // Graph writes this one date without a zone.
      date: new Date(request.now).toISOString().slice(0, 19),
      'request-id': request.requestId,
      'client-request-id': request.clientRequestId,
    },
  };
  const error = details.error === undefined || isRecord(details.error) ? {...usual, ...details.error} : details.error;
  const headers = http === 401 ? {'www-authenticate': challenge, ...details.headers} : details.headers;
  return jsonAnswer(http, {error, ...details.fields}, headers);
}

/** The `WWW-Authenticate` header that asks for a token with these claims. */
export function claimsChallenge(claims: string | Readonly<Record<string, unknown>>): string {
  const json = typeof claims === 'string' ? claims : JSON.stringify(claims);
  return `${challenge}, error="insufficient_claims", claims="${Buffer.from(json).toString('base64')}"`;
}
