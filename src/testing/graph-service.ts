import type {Answer} from './answer.ts';
import {ScriptedOperation} from './emulated-operation.ts';
import {graphError} from './graph-error.ts';
import type {GraphRequest} from './graph-request.ts';
import {pathOf, placeOf} from './place.ts';
import {findPasswordReset, resetPassword} from './reset-password.ts';
import type {ScriptedEndpoint} from './scripted-endpoint.ts';
import type {ServiceSettings} from './service-settings.ts';

/** What a request leads to. */
interface Target {
  /** Whose records the request belongs to. */
  readonly endpoint?: ScriptedEndpoint | undefined;
  answer(): Answer;
}

/** What the service answers to a request, as plain data and without a socket in sight. */
export function answerRequest(request: GraphRequest, settings: ServiceSettings): Answer {
  const target = findTarget(request, settings);
  if (request.recorded !== undefined) target.endpoint?.note(request.recorded);
  const answer = withCommonHeaders(settings.throttle.refuse(request) ?? target.answer(), request);
  if (target.endpoint instanceof ScriptedOperation) target.endpoint.answered(request, answer);
  return answer;
}

/** The headers that every answer has; the answer's own win. */
export function withCommonHeaders(answer: Answer, request: GraphRequest): Answer {
  const common = {
    date: httpDate(request.now),
    'request-id': request.requestId,
    'client-request-id': request.clientRequestId,
  };
  return {...answer, headers: {...common, ...answer.headers}};
}

/** What a path is answered that leads nowhere. */
export function notFound(request: GraphRequest): Answer {
  const message = `Resource not found for the path ${pathOf(request.target)}.`;
  return graphError(404, request, {code: 'ResourceNotFound', message});
}

function findTarget(request: GraphRequest, settings: ServiceSettings): Target {
  const path = pathOf(request.target);
  const place = placeOf(path);
  if (place === undefined) {
    return {answer: () => graphError(400, request, {message: 'The path of the request cannot be read.'})};
  }
  const there = settings.endpoints.at(place.key);
  // What was added for just this method goes before an operation that answers it only to be canceled.
  const endpoint =
    there.find(({method}) => method === request.method) ?? there.find(({methods}) => methods.includes(request.method));
  if (endpoint !== undefined) {
    const {methods} = endpoint;
    return {endpoint, answer: () => refuse(request, settings, {endpoint, methods}) ?? endpoint.answer(request)};
  }
  const canceled = findCanceled(place.key, settings);
  if (canceled !== undefined) {
    const rules = {endpoint: canceled, methods: ['POST']};
    return {endpoint: canceled, answer: () => refuse(request, settings, rules) ?? canceled.cancel(202, request)};
  }
  const reset = findPasswordReset(path);
  if (reset !== undefined) return {answer: () => resetPassword(reset, request, settings)};
  const [first] = there;
  if (first === undefined && !place.userOperation) return {answer: () => notFound(request)};
  const methods = first === undefined ? ['GET'] : there.flatMap((each) => each.methods);
  return {
    endpoint: first,
    answer: () => refuse(request, settings, {endpoint: first, methods}) ?? graphError(404, request),
  };
}

/** The operation that `{operation}:cancel` cancels. */
function findCanceled(key: string, {endpoints}: ServiceSettings): ScriptedOperation | undefined {
  if (!key.endsWith(':cancel')) return undefined;
  return endpoints
    .at(key.slice(0, -':cancel'.length))
    .find((endpoint): endpoint is ScriptedOperation => endpoint instanceof ScriptedOperation && endpoint.cancelable);
}

interface Rules {
  /** Without one, nothing is there to be read: as with an operation of somebody else. */
  readonly endpoint: ScriptedEndpoint | undefined;
  readonly methods: readonly string[];
}

/** Why a request gets nothing from the endpoint it leads to, or `undefined` if it does. */
function refuse(request: GraphRequest, {checkBearer}: ServiceSettings, {endpoint, methods}: Rules): Answer | undefined {
  const {authorization, method, now} = request;
  const refusal = endpoint?.bearer === false ? refuseAnyToken(authorization) : checkBearer(authorization);
  if (refusal !== undefined) return graphError(401, request, {message: refusal});
  if (!methods.includes(method)) return graphError(405, request, {headers: {allow: methods.join(', ')}});
  // One that has not reached this replica yet looks like one that never was.
  return endpoint !== undefined && now < endpoint.visibleAt ? graphError(404, request) : undefined;
}

function refuseAnyToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : 'This location takes no access token.';
}

let lastSecond = 0;
let lastDate = '';

/** The `Date` header has no more than seconds, so the text of the last one mostly serves again. */
function httpDate(now: number): string {
  const second = Math.floor(now / 1000);
  if (second !== lastSecond || lastDate === '') {
    lastSecond = second;
    lastDate = new Date(now).toUTCString();
  }
  return lastDate;
}
