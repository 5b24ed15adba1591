import {EventEmitter} from 'node:events';
import {pipeline, type Readable, type Transform} from 'node:stream';
import {constants, createBrotliDecompress, createGunzip, createInflate} from 'node:zlib';
import {type Dispatcher, request} from 'undici';
import {defaultMaxBodyLength} from '../http/read-body.ts';
import {createResponse, redirectStatuses, type Transport, type TransportResponse} from '../http/transport.ts';
import {onAbort} from '../shared/abort.ts';

// As fetch has it: what is cut short is read as far as it goes, and is no JSON then.
const lenient = {finishFlush: constants.Z_SYNC_FLUSH};

// Some compress what was not to be. Anything else that is packed is no JSON.
const unpackers: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', () => createGunzip(lenient)],
  ['x-gzip', () => createGunzip(lenient)],
  ['deflate', () => createInflate(lenient)],
  ['br', () => createBrotliDecompress({finishFlush: constants.BROTLI_OPERATION_FLUSH})],
]);

/** Carries each request by itself, by undici: without a `Request`, a `Response`, a stream of the web or an `AbortSignal`. */
export function undiciTransport(dispatcher: Dispatcher): Transport {
  return async (location, {method, headers, json, maxBodyLength = defaultMaxBodyLength, signal, onSent, onHead}) => {
    signal.throwIfAborted();
    // undici takes an emitter for a signal, which costs a tenth of one.
    const aborting = new EventEmitter();
    const unsubscribe = onAbort(signal, () => aborting.emit('abort'));
    try {
      onSent();
      const answer = await request(location, {
        dispatcher,
        method,
        headers: written(headers, json),
        body: json === undefined ? null : JSON.stringify(json),
        signal: aborting,
      });
      onHead();
      return await readReply(answer, maxBodyLength);
    } finally {
      unsubscribe();
    }
  };
}

async function readReply(answer: Dispatcher.ResponseData, longest: number): Promise<TransportResponse> {
  const {statusCode: status, body} = answer;
  const headers = readerOf(answer.headers);
  if (redirectStatuses.has(status)) {
    // What was sent of it may be broken, which is of no interest any more.
    body.dump().catch(() => undefined);
    return createResponse(status, headers, {text: ''});
  }
  const text = await readText(answer, longest);
  return createResponse(status, headers, text === undefined ? undefined : {text});
}

function written(headers: Readonly<Record<string, string | undefined>>, json: unknown): Record<string, string> {
  // Where nothing is said of it, RFC 9110 section 12.5.3 lets a server compress; these answers are too small to gain by it.
  const given: Record<string, string> = {'accept-encoding': 'identity'};
  if (json !== undefined) given['content-type'] = 'application/json';
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) given[name] = value;
  return given;
}

function readerOf(headers: Dispatcher.ResponseData['headers']): TransportResponse['headers'] {
  return {
    get: (name) => {
      const value = headers[name.toLowerCase()];
      return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value;
    },
    has: (name) => headers[name.toLowerCase()] !== undefined,
  };
}

/** The body as text; `undefined` when it is longer than so many bytes: then it is given up, so that the connection closes. */
async function readText({headers, body}: Dispatcher.ResponseData, longest: number): Promise<string | undefined> {
  const {'content-length': length, 'content-encoding': encoding} = headers;
  const unpacker = typeof encoding === 'string' ? unpackers.get(encoding.toLowerCase())?.() : undefined;
  // HTTP bounds a body by the length it announces, unless that is the length of a compressed one.
  if (unpacker === undefined && typeof length === 'string' && Number(length) <= longest) return body.text();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of unpacker === undefined ? body : unpacked(body, unpacker)) {
    bytes += chunk.length;
    if (bytes > longest) return undefined; // leaving the loop destroys the stream
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function unpacked(body: Readable, unpacker: Transform): Readable {
  // Who reads hears of an error; who leaves ends both.
  return pipeline(body, unpacker, () => undefined);
}
