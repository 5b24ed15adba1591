import {randomUUID} from 'node:crypto';
import type {IncomingMessage, ServerResponse} from 'node:http';
import type {EmulatedOperation, OperationListener} from '../emulated-operation.ts';
import type {BearerCheck} from '../emulator-options.ts';
import {announcesBody} from '../incoming-request.ts';
import type {OperationRegistry} from '../operation-registry.ts';
import {pathOf} from '../path.ts';
import {EventStreams} from './event-streams.ts';
import {History} from './history.ts';
import {findModules, readModule} from './module-files.ts';
import {icon, type Page, pageOf} from './page-html.ts';
import {style} from './page-style.ts';
import {type ActionName, actionNames} from './wire.ts';

/** No other site may embed, run or read anything of the console, and no browser may cache it. */
const commonHeaders = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** What the buttons do. The statuses are those of Graph's `longRunningOperation`, which has no `canceled`. */
const actions: Readonly<Record<ActionName, (operation: EmulatedOperation) => void>> = {
  start: (operation) => operation.move('running'),
  succeed: (operation) => operation.move('succeeded'),
  fail: (operation) => operation.move({status: 'failed', detail: 'FailedByHand'}),
  cancel: (operation) => operation.move('skipped'),
  throttle: (operation) => operation.interrupt([{http: 429, retryAfter: 5}]),
  // Not a reset: a browser repeats a GET by itself when a kept-alive connection is reset.
  lose: (operation) => operation.interrupt([{fault: 'truncated'}]),
  forget: (operation) => operation.move({http: 404}),
};

interface ConsoleResponse {
  readonly http: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

function respond(http: number, type: string, text: string, headers: ConsoleResponse['headers'] = {}): ConsoleResponse {
  return {http, headers: {'content-type': `${type}; charset=utf-8`, ...headers}, text};
}

/** Where the page listens for changes. */
const streamPath = '/console/events';

const notFound = respond(404, 'text/plain', 'The console has nothing here.');

/**
 * Why a request may not reach the console, or `undefined` if it may. A hostile page in the developer's browser can send requests
 * here, and can make its own host name resolve to this address.
 *
 * - Every request must name the emulator's own address as its host: a rebound name does not.
 * - Requests from other sites are refused, except for a link to the page that opens in a tab: no frame, and not the stream of
 *   changes, which stays open.
 * - A request that moves an operation must come from the console's own page: browsers send the origin with every POST.
 */
export function refusalOf(
  {method, headers, url = ''}: Pick<IncomingMessage, 'method' | 'headers' | 'url'>,
  root: string,
): string | undefined {
  if (headers.host !== new URL(root).host) return `The console is at ${root}/console/ only.`;
  const {origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': destination = 'document'} = headers;
  const isForeign = site === 'cross-site' || site === 'same-site' || (origin !== undefined && origin !== root);
  const isLink = mode === 'navigate' && destination === 'document' && pathOf(url) !== streamPath;
  if (isForeign && !(method === 'GET' && isLink)) return 'The console answers its own page only.';
  if (method === 'GET') return undefined;
  return origin === root ? undefined : 'Only the page of the console can do this.';
}

/** The console of an emulator: its page with scripts and style, the stream of changes, and the actions of the buttons. */
export class Console {
  readonly url: string;
  readonly #root: string;
  /** Created for this emulator and given to its page alone. */
  readonly #token = randomUUID();
  readonly #history = new History((authorization) => this.#isOwn(authorization));
  readonly #streams: EventStreams;
  readonly #modules = findModules();
  readonly #page: Page;
  readonly #operations: OperationRegistry;

  readonly listener: OperationListener = (change) => {
    this.#streams.send(this.#history.add(change));
  };

  /** @param root where the emulator listens */
  constructor(root: string, operations: OperationRegistry) {
    this.#root = root;
    this.#operations = operations;
    this.url = `${root}/console/`;
    this.#page = pageOf(root, this.#modules);
    const emulator = randomUUID();
    this.#streams = new EventStreams(() => {
      return {type: 'snapshot', emulator, token: this.#token, operations: this.#history.snapshot(Date.now())};
    });
  }

  /** Makes a check accept the token of this console as well. */
  acceptOwnToken(check: BearerCheck): BearerCheck {
    return (authorization) => (this.#isOwn(authorization) ? undefined : check(authorization));
  }

  /** Answers a request to the console; returns `false` for any other request. */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const path = pathOf(request.url ?? '');
    if (path !== '/console' && !path.startsWith('/console/')) return false;
    void this.#serve(request, response, path);
    return true;
  }

  async #serve(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const answer = await this.#answer(request, path);
    if (answer !== 'stream') {
      const {http, headers, text} = answer;
      const length = http !== 204 && {'content-length': Buffer.byteLength(text)};
      // The page sends no bodies. One that is sent anyway is not read, and may have no end.
      const close = announcesBody(request) && {connection: 'close'};
      response.writeHead(http, {...commonHeaders, ...length, ...close, ...headers});
      response.end(text);
    } else if (!response.destroyed) {
      response.writeHead(200, {...commonHeaders, 'content-type': 'text/event-stream'});
      this.#streams.open(response);
    }
  }

  async #answer(request: IncomingMessage, path: string): Promise<ConsoleResponse | 'stream'> {
    const {method} = request;
    const refusal = refusalOf(request, this.#root);
    if (refusal !== undefined) return respond(403, 'text/plain', refusal);
    if (method === 'POST') return this.#post(path);
    if (method !== 'GET') return respond(405, 'text/plain', 'The console answers GET and POST.', {allow: 'GET, POST'});
    if (path !== streamPath) return this.#get(path);
    return this.#streams.full ? respond(503, 'text/plain', 'Too many pages of this console are open.') : 'stream';
  }

  async #get(path: string): Promise<ConsoleResponse> {
    switch (path) {
      case '/console':
        return {http: 308, headers: {location: '/console/'}, text: ''};
      case '/console/':
        return respond(200, 'text/html', this.#page.html, {'content-security-policy': this.#page.policy});
      case '/console/style.css':
        return respond(200, 'text/css', style);
      case '/console/icon.svg':
        return respond(200, 'image/svg+xml', icon);
    }
    const file = /^\/console\/modules\/(.+)$/.exec(path)?.[1];
    const text = file === undefined ? undefined : await readModule(this.#modules, file);
    if (text === undefined) return notFound;
    return respond(200, path.endsWith('.map') ? 'application/json' : 'text/javascript', text);
  }

  #post(path: string): ConsoleResponse {
    const [, added] = /^\/console\/operations\/(by-hand|by-script)$/.exec(path) ?? [];
    if (added !== undefined) {
      // An operation that is moved by hand does not move by itself.
      const operation = this.#operations.add(added === 'by-hand' ? {script: [{}]} : {});
      return respond(201, 'application/json', JSON.stringify({key: this.#history.keyOf(operation)}));
    }
    const [, key, name] = /^\/console\/operations\/(\d{1,15})\/(\w+)$/.exec(path) ?? [];
    const operation = key === undefined ? undefined : this.#history.find(Number(key));
    const action = actionNames.find((each) => each === name);
    if (operation === undefined || action === undefined) return notFound;
    actions[action](operation);
    return {http: 204, headers: {}, text: ''};
  }

  #isOwn(authorization: string | undefined): boolean {
    return authorization === `Bearer ${this.#token}`;
  }
}
