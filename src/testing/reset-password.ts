import type {Answer, AnswerHeaders} from './answer.ts';
import {jsonAnswer} from './answer.ts';
import {isRecord} from './checks.ts';
import {graphError} from './graph-error.ts';
import type {GraphRequest} from './graph-request.ts';
import type {ServiceSettings} from './service-settings.ts';

/** `POST /{version}/users/{id | userPrincipalName}/authentication/methods/{methodId}/resetPassword` */
export function resetPassword(
  {version, user}: {readonly version: 'v1.0' | 'beta'; readonly user: string},
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
  return jsonAnswer(202, body, headersOf(location, `${settings.root}/${version}`, settings));
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

function headersOf(location: string, versionRoot: string, settings: ServiceSettings): AnswerHeaders {
  // Where Graph's locations are relative, they lack the version too.
  const sent = settings.location === 'relative' ? location.slice(versionRoot.length) : location;
  return {
    ...(settings.location !== 'none' && {location: sent}),
    ...(settings.retryAfter !== undefined && {'retry-after': settings.retryAfter}),
  };
}
