import type {ServerResponse} from 'node:http';
import {pipeline, Readable} from 'node:stream';
import type {Answer} from './answer.ts';
import type {Fault} from './operation-step.ts';

const hugeBytes = 50 * 1024 * 1024;
const blanks = Buffer.alloc(64 * 1024, ' ');

/** Sends an answer the wrong way that its fault describes. */
export function sendFault(response: ServerResponse, {http, headers, text}: Answer, fault: Fault): void {
  const body = Buffer.from(text);
  const half = body.subarray(0, Math.floor(body.length / 2));
  switch (fault) {
    case 'reset':
      response.socket?.resetAndDestroy();
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

/** The body followed by blanks, which JSON allows, up to `size` bytes. */
function* padded(body: Buffer, size: number): Generator<Buffer> {
  yield body;
  for (let left = size - body.length; left > 0; left -= blanks.length) {
    yield left < blanks.length ? blanks.subarray(0, left) : blanks;
  }
}

/** Writes no faster than the client reads, and stops when it leaves: neither side's memory grows. */
function pour(response: ServerResponse, chunks: Iterable<Buffer>): void {
  pipeline(Readable.from(chunks, {objectMode: false}), response, () => {
    // A client that left is what these faults are for; there is nobody to tell.
  });
}
