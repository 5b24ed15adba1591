import type {IncomingHttpHeaders} from 'node:http';
import type {Transform} from 'node:stream';
import {constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw} from 'node:zlib';
import type {Dispatcher} from 'undici';
import {defaultMaxBodyLength} from '../http/read-body.ts';
import {
  createResponse,
  type ResponseHead,
  redirectStatuses,
  type Transport,
  type TransportRequest,
  type TransportResponse,
} from '../http/transport.ts';
import {onAbort} from '../shared/abort.ts';

// As in fetch: a truncated body is read as far as it goes, and is then not valid JSON.
const lenient = {finishFlush: constants.Z_SYNC_FLUSH};

type CreateDecoder = (firstChunk: Buffer) => Transform;

// Some servers compress although asked not to. A body in any other encoding is not valid JSON.
const decoders: ReadonlyMap<string, CreateDecoder> = new Map<string, CreateDecoder>([
  ['gzip', () => createGunzip(lenient)],
  ['x-gzip', () => createGunzip(lenient)],
  // Some servers leave out zlib's header, whose first byte ends in 8.
  ['deflate', ([first = 0]) => ((first & 15) === 8 ? createInflate(lenient) : createInflateRaw(lenient))],
  ['br', () => createBrotliDecompress({finishFlush: constants.BROTLI_OPERATION_FLUSH})],
]);

/** The HTTP statuses whose body nobody needs, and those that have none, even where a `content-length` announces one. */
const bodilessStatuses: ReadonlySet<number> = new Set([...redirectStatuses, 204, 205, 304]);

/** Sends each request by undici's dispatcher alone, without a `Request`, a `Response`, a stream or an `AbortSignal`. */
export function undiciTransport(dispatcher: Dispatcher): Transport {
  return (location, request) =>
    new Promise((resolve, reject) => {
      const {method, headers, json, signal, onSent} = request;
      signal.throwIfAborted();
      onSent();
      const {origin, pathname, search} = new URL(location);
      const body = json === undefined ? null : JSON.stringify(json);
      const sent = {origin, path: pathname + search, method, headers: requestHeaders(headers, json), body};
      dispatcher.dispatch(sent, new ResponseReader(request, resolve, reject));
    });
}

/** Why undici is to abort a request; nobody waits for its response any more. */
const aborted = new Error('The response is not read to its end');

/** How many chunks are kept before they are joined: a chunk of one byte takes a hundred more. */
const maxChunks = 1024;

/** Reads a response as undici receives it. */
class ResponseReader implements Dispatcher.DispatchHandler {
  readonly #request: TransportRequest;
  readonly #resolve: (response: TransportResponse) => void;
  readonly #reject: (error: unknown) => void;
  readonly #unsubscribe: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #head: ResponseHead | undefined;
  /** Where the body is compressed. */
  #createDecoder: CreateDecoder | undefined;
  #decoder: Transform | undefined;
  readonly #chunks: Buffer[] = [];
  readonly #joined: Buffer[] = [];
  #length = 0;

  constructor(
    request: TransportRequest,
    resolve: (response: TransportResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#unsubscribe = onAbort(request.signal, () => {
      // At once: undici does not abort a request that waits for a connection.
      reject(request.signal.reason);
      this.#abort();
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It may have waited for a connection. To throw would keep that one open, but end the process behind some interceptors.
    if (this.#request.signal.aborted) this.#abort();
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.#head = {status, headers: headerReader(headers)};
    this.#request.onHead(this.#head);
    const encoding = this.#head.headers.get('content-encoding');
    if (encoding !== null) this.#createDecoder = decoders.get(encoding.trim().toLowerCase());
    if (!bodilessStatuses.has(status)) return;
    this.#end({text: ''});
    // A body may never end. The connection stays open only where the body arrived together with the head.
    void Promise.resolve().then(() => this.#abort());
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#decoder ??= this.#createDecoder?.(chunk)
      .on('data', (decoded: Buffer) => this.#add(decoded))
      .on('drain', () => controller.resume())
      .on('end', () => this.#finish())
      .on('error', (error) => this.onResponseError(controller, error));
    if (this.#decoder === undefined) this.#add(chunk);
    else if (!this.#decoder.write(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    if (this.#decoder === undefined) this.#finish();
    else this.#decoder.end();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#unsubscribe();
    this.#reject(error);
    this.#abort();
  }

  #add(chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#length <= (this.#request.maxBodyLength ?? defaultMaxBodyLength)) {
      if (this.#chunks.push(chunk) === maxChunks) this.#joined.push(Buffer.concat(this.#chunks.splice(0)));
      return;
    }
    this.#end(undefined);
    this.#abort();
  }

  #finish(): void {
    const chunks = [...this.#joined, ...this.#chunks];
    // Without the byte order mark, as in fetch.
    this.#end({text: utf8.decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))});
  }

  #end(body: TransportResponse['body']): void {
    this.#unsubscribe();
    if (this.#head !== undefined) this.#resolve(createResponse(this.#head, body));
  }

  #abort(): void {
    this.#decoder?.destroy();
    this.#controller?.abort(aborted);
  }
}

function requestHeaders(headers: Readonly<Record<string, string | undefined>>, json: unknown): Record<string, string> {
  // Without this header, RFC 9110 section 12.5.3 lets a server compress; these responses are too small to benefit.
  const result: Record<string, string> = {'accept-encoding': 'identity'};
  if (json !== undefined) result['content-type'] = 'application/json';
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) result[name] = value;
  return result;
}

function headerReader(headers: IncomingHttpHeaders): TransportResponse['headers'] {
  return {
    get: (name) => {
      const own = name.toLowerCase();
      return Object.hasOwn(headers, own) ? textOf(headers[own]) : null;
    },
    has: (name) => Object.hasOwn(headers, name.toLowerCase()),
    entries: () => Object.entries(headers).map(([name, value]) => [name, textOf(value)]),
  };
}

function textOf(value: string | string[] = ''): string {
  return Array.isArray(value) ? value.join(', ') : value;
}

const utf8 = new TextDecoder();
