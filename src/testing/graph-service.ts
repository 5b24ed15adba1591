import type {Answer} from './answer.ts';
import {graphError} from './graph-error.ts';
import type {GraphRequest} from './graph-request.ts';
import {readOperation} from './read-operation.ts';
import {resetPassword} from './reset-password.ts';
import type {ServiceSettings} from './service-settings.ts';

type Handler = (parameter: (name: string) => string, request: GraphRequest, settings: ServiceSettings) => Answer;

/** What the emulator serves: a path, and who answers it. Graph's paths do not depend on case. */
const routes: ReadonlyArray<readonly [path: RegExp, handler: Handler]> = [
  [
    /^\/(?:v1\.0|beta)\/users\/(?<user>[^/]+)\/authentication\/operations\/(?<id>[^/]+)$/i,
    (parameter, request, settings) => readOperation({user: parameter('user'), id: parameter('id')}, request, settings),
  ],
  [
    /^\/(?<version>v1\.0|beta)\/users\/(?<user>[^/]+)\/authentication\/(?:methods|passwordMethods)\/[^/]+\/resetPassword$/i,
    (parameter, request, settings) => {
      const version = parameter('version').toLowerCase() === 'beta' ? 'beta' : 'v1.0';
      return resetPassword({version, user: parameter('user')}, request, settings);
    },
  ],
];

/** What the service answers to a request, as plain data and without a socket in sight. */
export function answerRequest(request: GraphRequest, settings: ServiceSettings): Answer {
  return withCommonHeaders(route(request, settings), request);
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

function route(request: GraphRequest, settings: ServiceSettings): Answer {
  const [path = ''] = request.target.split('?', 1);
  for (const [pattern, handler] of routes) {
    const found = pattern.exec(path);
    if (found === null) continue;
    const parameters = decodeAll(found.groups ?? {});
    if (parameters === undefined) return graphError(400, request, {message: 'The path of the request cannot be read.'});
    return handler((name) => parameters.get(name) ?? '', request, settings);
  }
  return graphError(404, request, {code: 'ResourceNotFound', message: `Resource not found for the path ${path}.`});
}

/** The parameters of a path without their percent signs, or `undefined` if one of them makes no sense. */
function decodeAll(groups: Readonly<Record<string, string>>): ReadonlyMap<string, string> | undefined {
  try {
    return new Map(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
  } catch {
    return undefined;
  }
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
