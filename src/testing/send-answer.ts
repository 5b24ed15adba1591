import type {IncomingMessage, ServerResponse} from 'node:http';
import {pipeline, Readable} from 'node:stream';
import {TLSSocket} from 'node:tls';
import type {Answer} from './answer.ts';
import {maximumBodyLength} from './incoming-request.ts';

/** Sends an answer over HTTP, after its delay and with its fault. Nothing is sent if the client disconnects before that. */
export function sendAnswer(response: ServerResponse, answer: Answer): void {
  if (!answer.delay) {
    sendNow(response, answer);
    return;
  }
  // The global timer is looked up now: under a test's fake timers the delay passes in virtual time.
  const timer = setTimeout(() => sendNow(response, answer), answer.delay);
  response.once('close', () => clearTimeout(timer));
}

/**
 * Sends an answer while the client is still sending its body, and closes the connection.
 *
 * The client may need a moment to notice: closing at once would discard the answer with the rest of the body. So only this end
 * is closed first, and what arrives until the client closes the other is discarded, up to the length of the longest body.
 */
export function sendBeforeBodyEnds(
  request: IncomingMessage,
  response: ServerResponse,
  {http, headers, text}: Answer,
): void {
  response.sendDate = false;
  response.writeHead(http, {'content-length': Buffer.byteLength(text), connection: 'close', ...headers});
  response.write(text, () => request.socket.end());
  let discarded = 0;
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > maximumBodyLength) request.socket.destroy();
  });
  if (request.readableEnded) response.end();
  else request.once('end', () => response.end());
}

function sendNow(response: ServerResponse, {http, headers, text, fault}: Answer): void {
  // The service writes its own Date, from the same clock as its other times.
  response.sendDate = false;
  if (fault === undefined) {
    response.writeHead(http, {'content-length': Buffer.byteLength(text), ...headers});
    response.end(text);
    return;
  }
  const body = Buffer.from(text);
  const half = body.subarray(0, Math.floor(body.length / 2));
  switch (fault) {
    case 'reset':
      // What is under TLS cannot be reached from here: the connection is closed without an answer, which clients report alike.
      if (response.socket instanceof TLSSocket) response.socket.destroy();
      else response.socket?.resetAndDestroy();
      return;
    case 'hang':
      return;
    case 'hangBody':
      response.writeHead(http, {'content-length': body.length, ...headers});
      response.write(half);
      return;
    case 'truncated':
      response.writeHead(http, {'content-length': half.length, ...headers});
      response.end(half);
      return;
    case 'huge':
      response.writeHead(http, {'content-length': hugeBytes, ...headers});
      pour(response, padded(body, hugeBytes));
      return;
    case 'endless':
      response.writeHead(http, headers);
      pour(response, padded(body, Number.POSITIVE_INFINITY));
      return;
  }
}

const hugeBytes = 50 * 1024 * 1024;
const blanks = Buffer.alloc(64 * 1024, ' ');

/** The body followed by blanks, which JSON allows, up to `size` bytes. */
function* padded(body: Buffer, size: number): Generator<Buffer> {
  yield body;
  for (let left = size - body.length; left > 0; left -= blanks.length) {
    yield left < blanks.length ? blanks.subarray(0, left) : blanks;
  }
}

/** Writes no faster than the client reads, and stops when it disconnects, so that memory grows on neither side. */
function pour(response: ServerResponse, chunks: Iterable<Buffer>): void {
  pipeline(Readable.from(chunks, {objectMode: false}), response, () => {
    // These faults exist to make a client disconnect: that is no error.
  });
}
