import type {Answer, AnswerHeaders} from './answer.ts';
import {jsonAnswer} from './answer.ts';
import {isRecord} from './checks.ts';
import {graphError} from './graph-error.ts';
import type {GraphRequest} from './graph-request.ts';
import {locationHeader} from './location-header.ts';
import type {ServiceSettings} from './service-settings.ts';

/** Whose password is to be reset, and under which version. */
export interface PasswordReset {
  readonly version: 'v1.0' | 'beta';
  readonly user: string;
}

const pattern =
  /^\/(?<version>v1\.0|beta)\/users\/(?<user>[^/]+)\/authentication\/(?:methods|passwordMethods)\/[^/]+\/resetPassword$/i;

/** Reads `/{version}/users/{id | userPrincipalName}/authentication/methods/{methodId}/resetPassword`. */
export function findPasswordReset(path: string): PasswordReset | undefined {
  const {version, user} = pattern.exec(path)?.groups ?? {};
  if (version === undefined || user === undefined) return undefined;
  return {version: version.toLowerCase() === 'beta' ? 'beta' : 'v1.0', user: decodeURIComponent(user)};
}

/** Starts an operation with the emulator's own script. */
export function resetPassword(
  {version, user}: PasswordReset,
  request: GraphRequest,
  settings: ServiceSettings,
): Answer {
  const refusal = settings.checkBearer(request.authorization);
  if (refusal !== undefined) return graphError(401, request, {message: refusal});
  if (request.method !== 'POST') return graphError(405, request, {headers: {allow: 'POST'}});
  const wish = readBody(request.body);
  if (wish === undefined) return graphError(400, request, {message: 'Unable to read JSON request payload.'});
  const {location} = settings.operations.add({userId: user, version});
  const body = wish.given ? {} : {newPassword: settings.newPassword};
  return jsonAnswer(202, body, headersOf(location, settings));
}

/** Whether the request brought a password of its own, or `undefined` if its body cannot be read. */
function readBody(text = ''): {given: boolean} | undefined {
  if (text.trim() === '') return {given: false};
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(body)) return undefined;
  const password = body['newPassword'] ?? undefined;
  if (password === undefined) return {given: false};
  return typeof password === 'string' && password !== '' ? {given: true} : undefined;
}

function headersOf(operation: string, settings: ServiceSettings): AnswerHeaders {
  return {
    ...locationHeader(operation, {root: settings.root, header: 'Location', form: settings.location}),
    ...(settings.retryAfter !== undefined && {'retry-after': settings.retryAfter}),
  };
}
