import {type Answer, graphError} from './answer.ts';
import {ScriptedOperation} from './emulated-operation.ts';
import type {EmulatedService} from './emulator-options.ts';
import type {GraphRequest} from './graph-request.ts';
import {parsePath, pathOf} from './path.ts';
import {findPasswordReset, resetPassword} from './reset-password.ts';
import type {ScriptedEndpoint} from './scripted-endpoint.ts';

/** Where a request is routed. */
interface Route {
  /** The endpoint that records the request. */
  readonly endpoint?: ScriptedEndpoint | undefined;
  answer(): Answer;
}

/** The service's answer to a request, whether that came over HTTP or in a batch. */
export function answerRequest(request: GraphRequest, service: EmulatedService): Answer {
  const route = findRoute(request, service);
  if (request.recorded !== undefined) route.endpoint?.record(request.recorded);
  const answer = withCommonHeaders(service.throttle.refuse(request) ?? route.answer(), request);
  if (route.endpoint instanceof ScriptedOperation) route.endpoint.notifyAnswered(request, answer);
  return answer;
}

/** Adds the headers that every answer has. The answer's own take precedence. */
export function withCommonHeaders(answer: Answer, request: GraphRequest): Answer {
  const common = {
    date: httpDate(request.now),
    'request-id': request.requestId,
    'client-request-id': request.clientRequestId,
  };
  return {...answer, headers: {...common, ...answer.headers}};
}

/** The answer to a path that the service does not know. */
export function notFound(request: GraphRequest): Answer {
  const message = `Resource not found for the path ${pathOf(request.target)}.`;
  return graphError(404, request, {code: 'ResourceNotFound', message});
}

function findRoute(request: GraphRequest, service: EmulatedService): Route {
  const path = pathOf(request.target);
  const parsed = parsePath(path);
  if (parsed === undefined) {
    return {answer: () => graphError(400, request, {message: 'The path of the request is malformed.'})};
  }
  const candidates = service.endpoints.at(parsed.key);
  // An endpoint added for this very method takes precedence over an operation that answers it only to be canceled.
  const endpoint =
    candidates.find(({method}) => method === request.method) ??
    candidates.find(({methods}) => methods.includes(request.method));
  const route = (methods: readonly string[], answer: () => Answer, to?: ScriptedEndpoint): Route => ({
    endpoint: to,
    answer: () => refuse(request, service, methods, to) ?? answer(),
  });
  if (endpoint !== undefined) return route(endpoint.methods, () => endpoint.answer(request), endpoint);
  const canceled = findCanceled(parsed.key, service);
  if (canceled !== undefined) return route(['POST'], () => canceled.cancel(202, request), canceled);
  const reset = findPasswordReset(path);
  if (reset !== undefined) return route(['POST'], () => resetPassword(reset, request, service));
  const [first] = candidates;
  if (first === undefined && !parsed.isUserOperation) return {answer: () => notFound(request)};
  const methods = first === undefined ? ['GET'] : candidates.flatMap((each) => each.methods);
  return route(methods, () => graphError(404, request), first);
}

/** The operation that `{operation}:cancel` cancels. */
function findCanceled(key: string, {endpoints}: EmulatedService): ScriptedOperation | undefined {
  if (!key.endsWith(':cancel')) return undefined;
  return endpoints
    .at(key.slice(0, -':cancel'.length))
    .find((endpoint): endpoint is ScriptedOperation => endpoint instanceof ScriptedOperation && endpoint.cancelable);
}

/**
 * The answer that refuses a request for its token or its method, or because its endpoint is not visible yet; `undefined` if it may be
 * answered.
 *
 * @param endpoint `undefined` where no endpoint has the path, as with an operation of another user
 */
export function refuse(
  request: GraphRequest,
  {checkBearer}: EmulatedService,
  methods: readonly string[],
  endpoint?: ScriptedEndpoint,
): Answer | undefined {
  const {authorization, method, now} = request;
  const refusal = endpoint?.bearer === false ? refuseAnyToken(authorization) : checkBearer(authorization);
  if (refusal !== undefined) return graphError(401, request, {message: refusal});
  if (!methods.includes(method)) return graphError(405, request, {headers: {allow: methods.join(', ')}});
  // A resource that has not reached this replica yet looks like one that does not exist.
  return endpoint !== undefined && now < endpoint.visibleAt ? graphError(404, request) : undefined;
}

function refuseAnyToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : 'This location takes no access token.';
}

let lastSecond = 0;
let lastDate = '';

/** The `Date` header is exact to the second, so the previous text can usually be reused. */
function httpDate(now: number): string {
  const second = Math.floor(now / 1000);
  if (second !== lastSecond || lastDate === '') {
    lastSecond = second;
    lastDate = new Date(now).toUTCString();
  }
  return lastDate;
}
