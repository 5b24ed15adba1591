import {type Answer, graphError, jsonAnswer, locationHeader} from './answer.ts';
import {isRecord} from './checks.ts';
import type {EmulatedService} from './emulator-options.ts';
import type {GraphRequest} from './graph-request.ts';
import {parseJson} from './parse-json.ts';

/** Whose password is to be reset, and under which version. */
export interface PasswordReset {
  readonly version: 'v1.0' | 'beta';
  readonly user: string;
}

const pattern =
  /^\/(?<version>v1\.0|beta)\/users\/(?<user>[^/]+)\/authentication\/(?:methods|passwordMethods)\/[^/]+\/resetPassword$/i;

/** Parses `/{version}/users/{id | userPrincipalName}/authentication/methods/{methodId}/resetPassword`. */
export function findPasswordReset(path: string): PasswordReset | undefined {
  const {version, user} = pattern.exec(path)?.groups ?? {};
  if (version === undefined || user === undefined) return undefined;
  return {version: version.toLowerCase() === 'beta' ? 'beta' : 'v1.0', user: decodeURIComponent(user)};
}

/** Starts an operation with the emulator's own script. */
export function resetPassword({version, user}: PasswordReset, request: GraphRequest, service: EmulatedService): Answer {
  const hasPassword = containsPassword(request.body);
  if (hasPassword === undefined) return graphError(400, request, {message: 'Unable to read JSON request payload.'});
  const {location} = service.operations.add({userId: user, version});
  const body = hasPassword ? {} : {newPassword: service.newPassword};
  const {root, location: form, retryAfter} = service;
  const after = retryAfter !== undefined && {'retry-after': retryAfter};
  return jsonAnswer(202, body, {...locationHeader(location, {root, header: 'Location', form}), ...after});
}

/** Whether the body contains a password; `undefined` if it is invalid. */
function containsPassword(text = ''): boolean | undefined {
  if (text.trim() === '') return false;
  const body = parseJson(text);
  if (!isRecord(body)) return undefined;
  const password = body['newPassword'] ?? undefined;
  if (password === undefined) return false;
  return typeof password === 'string' && password !== '' ? true : undefined;
}
