import {randomUUID} from 'node:crypto';
import type {IncomingMessage, ServerResponse} from 'node:http';
import type {BearerCheck} from '../bearer.ts';
import type {OperationListener} from '../operation-change.ts';
import type {OperationStore} from '../operation-store.ts';
import {pathOf} from '../place.ts';
import {refusalOf} from './guard.ts';
import {History} from './history.ts';
import {findModules, readModule} from './module-files.ts';
import {moves} from './moves.ts';
import {pageOf} from './page-html.ts';
import {icon} from './page-icon.ts';
import {style} from './page-style.ts';
import {Streams} from './streams.ts';
import {moveNames} from './wire.ts';

/** The console of an emulator: a page, what it runs, what it is told, and what it can do. */
export interface Console {
  readonly url: string;
  /** Hears what happens to operations. */
  readonly hear: OperationListener;
  /** Gives it the operations that its page can add to. */
  open(operations: OperationStore): void;
  /** Makes a check accept the token of this console as well, which is made anew for each emulator and given to its page alone. */
  acceptOwnToken(check: BearerCheck): BearerCheck;
  /** Answers a request to the console; `false` for every other one. */
  serve(request: IncomingMessage, response: ServerResponse): boolean;
}

/** An answer of the console. */
interface TransportResponse {
  readonly http: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Makes the console of the emulator at this root. */
export function createConsole(root: string): Console {
  const token = randomUUID();
  const isOwn = (authorization: string | undefined) => authorization === `Bearer ${token}`;
  const history = new History(isOwn);
  const emulator = randomUUID();
  const streams = new Streams(() => ({type: 'all', emulator, token, stories: history.stories(Date.now())}));
  const modules = findModules();
  const page = pageOf(root, modules);
  let operations: OperationStore | undefined;

  async function get(path: string): Promise<TransportResponse> {
    switch (path) {
      case '/console':
        return {http: 308, headers: {location: '/console/'}, text: ''};
      case '/console/':
        return reply(200, 'text/html', page.html, {'content-security-policy': page.policy});
      case '/console/style.css':
        return reply(200, 'text/css', style);
      case '/console/icon.svg':
        return reply(200, 'image/svg+xml', icon);
    }
    const file = /^\/console\/modules\/(.+)$/.exec(path)?.[1];
    const text = file === undefined ? undefined : await readModule(modules, file);
    if (text === undefined) return nothing;
    return reply(200, path.endsWith('.map') ? 'application/json' : 'text/javascript', text);
  }

  function post(path: string): TransportResponse {
    const [, adding] = /^\/console\/operations\/(by-hand|by-script)$/.exec(path) ?? [];
    if (adding !== undefined && operations !== undefined) {
      // One that is moved by hand stays where it is until then.
      const operation = operations.add(adding === 'by-hand' ? {script: [{}]} : {});
      return reply(201, 'application/json', JSON.stringify({key: history.keyOf(operation)}));
    }
    const [, key, named] = /^\/console\/operations\/(\d{1,15})\/(\w+)$/.exec(path) ?? [];
    const operation = key === undefined ? undefined : history.find(Number(key));
    const name = moveNames.find((each) => each === named);
    if (operation === undefined || name === undefined) return nothing;
    moves[name](operation);
    return {http: 204, headers: {}, text: ''};
  }

  async function answer(request: IncomingMessage, path: string): Promise<TransportResponse | 'stream'> {
    const {method} = request;
    const refusal = refusalOf(request, root);
    if (refusal !== undefined) return reply(403, 'text/plain', refusal);
    if (method === 'POST') return post(path);
    if (method !== 'GET') return reply(405, 'text/plain', 'The console answers GET and POST.', {allow: 'GET, POST'});
    if (path !== '/console/events') return get(path);
    return streams.full ? reply(503, 'text/plain', 'Too many pages of this console are open.') : 'stream';
  }

  async function serve(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const answered = await answer(request, path);
    if (answered !== 'stream') {
      const {http, headers, text} = answered;
      response.writeHead(http, {
        ...common,
        ...(http !== 204 && {'content-length': Buffer.byteLength(text)}),
        ...headers,
      });
      response.end(text);
    } else if (!response.destroyed) {
      response.writeHead(200, {...common, 'content-type': 'text/event-stream'});
      streams.open(response);
    }
  }

  return {
    url: `${root}/console/`,
    hear: (change) => {
      const message = history.keep(change);
      if (message !== undefined) streams.tell(message);
    },
    open: (store) => {
      operations = store;
    },
    acceptOwnToken: (check) => (authorization) => (isOwn(authorization) ? undefined : check(authorization)),
    serve: (request, response) => {
      const path = pathOf(request.url ?? '');
      if (path !== '/console' && !path.startsWith('/console/')) return false;
      void serve(request, response, path);
      return true;
    },
  };
}

/** No other site may show, run or read anything of the console, and nothing of it is kept. */
const common = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

function reply(
  http: number,
  type: string,
  text: string,
  more: Readonly<Record<string, string>> = {},
): TransportResponse {
  return {http, headers: {'content-type': `${type}; charset=utf-8`, ...more}, text};
}

const nothing = reply(404, 'text/plain', 'The console has nothing here.');
