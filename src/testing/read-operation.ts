import type {Answer} from './answer.ts';
import {graphError} from './graph-error.ts';
import type {GraphRequest} from './graph-request.ts';
import {objectIdOf} from './object-id.ts';
import type {ServiceSettings} from './service-settings.ts';

/** `GET /{version}/users/{id}/authentication/operations/{operationId}` */
export function readOperation(
  {user, id}: {readonly user: string; readonly id: string},
  request: GraphRequest,
  {operations, checkBearer}: ServiceSettings,
): Answer {
  const operation = operations.find(id);
  if (request.recorded !== undefined) operation?.note(request.recorded);
  const refusal =
    operation?.bearer === false ? refuseAnyToken(request.authorization) : checkBearer(request.authorization);
  if (refusal !== undefined) return graphError(401, request, {message: refusal});
  if (request.method !== 'GET') return graphError(405, request, {headers: {allow: 'GET'}});
  // An operation of somebody else, or one that has not reached this replica yet, looks like one that never was.
  if (operation?.userId !== objectIdOf(user) || request.now < operation.visibleAt) return graphError(404, request);
  return operation.poll(request);
}

function refuseAnyToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : 'This location takes no access token.';
}
