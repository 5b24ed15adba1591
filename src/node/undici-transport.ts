import {isUtf8} from 'node:buffer';
import {EventEmitter} from 'node:events';
import {pipeline, type Readable, type Transform} from 'node:stream';
import {constants, createBrotliDecompress, createGunzip, createInflate} from 'node:zlib';
import type {Dispatcher, request as send} from 'undici';
import {defaultMaxBodyLength} from '../http/read-body.ts';
import {
  createResponse,
  type ResponseHead,
  redirectStatuses,
  type Transport,
  type TransportResponse,
} from '../http/transport.ts';
import {onAbort} from '../shared/abort.ts';

// As in fetch: a truncated body is read as far as it goes, and is then not valid JSON.
const lenient = {finishFlush: constants.Z_SYNC_FLUSH};

// Some servers compress although asked not to. A body in any other encoding is not valid JSON.
const decoders: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', () => createGunzip(lenient)],
  ['x-gzip', () => createGunzip(lenient)],
  ['deflate', () => createInflate(lenient)],
  ['br', () => createBrotliDecompress({finishFlush: constants.BROTLI_OPERATION_FLUSH})],
]);

/**
 * Sends each request by undici alone, without a `Request`, a `Response`, a web stream or an `AbortSignal`.
 *
 * @param request undici's
 */
export function undiciTransport(request: typeof send, dispatcher: Dispatcher): Transport {
  return async (location, {method, headers, json, maxBodyLength = defaultMaxBodyLength, signal, onSent, onHead}) => {
    signal.throwIfAborted();
    // undici accepts an emitter as its signal, at a tenth of the cost of an AbortSignal.
    const emitter = new EventEmitter();
    const unsubscribe = onAbort(signal, () => emitter.emit('abort'));
    try {
      onSent();
      const response = await request(location, {
        dispatcher,
        method,
        headers: requestHeaders(headers, json),
        body: json === undefined ? null : JSON.stringify(json),
        signal: emitter,
      });
      const head = {status: response.statusCode, headers: headerReader(response.headers)};
      onHead(head);
      return await readResponse(head, response, maxBodyLength);
    } finally {
      unsubscribe();
    }
  };
}

async function readResponse(
  {status, headers}: ResponseHead,
  response: Dispatcher.ResponseData,
  longest: number,
): Promise<TransportResponse> {
  if (redirectStatuses.has(status)) {
    // The body may never end. The connection is closed, unless the body arrived together with the head.
    response.body.on('error', () => undefined).destroy();
    return createResponse(status, headers, {text: ''});
  }
  const text = await readText(response, longest);
  return createResponse(status, headers, text === undefined ? undefined : {text});
}

function requestHeaders(headers: Readonly<Record<string, string | undefined>>, json: unknown): Record<string, string> {
  // Without this header, RFC 9110 section 12.5.3 lets a server compress; these responses are too small to benefit.
  const result: Record<string, string> = {'accept-encoding': 'identity'};
  if (json !== undefined) result['content-type'] = 'application/json';
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) result[name] = value;
  return result;
}

function headerReader(headers: Dispatcher.ResponseData['headers']): TransportResponse['headers'] {
  return {
    get: (name) => {
      const own = name.toLowerCase();
      return Object.hasOwn(headers, own) ? readHeader(textOf(headers[own])) : null;
    },
    has: (name) => Object.hasOwn(headers, name.toLowerCase()),
    entries: () => Object.entries(headers).map(([name, value]) => [name, textOf(value)]),
  };
}

function textOf(value: string | string[] = ''): string {
  return Array.isArray(value) ? value.join(', ') : value;
}

/** undici takes the bytes of a header for latin1. A service that sends others than ASCII, as in a `Location`, means UTF-8. */
function readHeader(value: string): string {
  if (!/[\x80-\xff]/.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
}

const utf8 = new TextDecoder();

/** The body as text; `undefined` when it is longer than `longest` bytes: then the connection is closed. */
async function readText({headers, body}: Dispatcher.ResponseData, longest: number): Promise<string | undefined> {
  const {'content-length': length, 'content-encoding': encoding} = headers;
  const decoder = typeof encoding === 'string' ? decoders.get(encoding.toLowerCase())?.() : undefined;
  // HTTP limits a body to the length it announces, which for a compressed body is the compressed length.
  if (decoder === undefined && typeof length === 'string' && Number(length) <= longest) return body.text();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of decoder === undefined ? body : decode(body, decoder)) {
    bytes += chunk.length;
    if (bytes > longest) return undefined; // leaving the loop destroys the stream
    chunks.push(chunk);
  }
  // Without the byte order mark, as in fetch.
  return utf8.decode(Buffer.concat(chunks));
}

function decode(body: Readable, decoder: Transform): Readable {
  // The reader receives any error, and leaving the loop destroys both streams.
  return pipeline(body, decoder, () => undefined);
}
