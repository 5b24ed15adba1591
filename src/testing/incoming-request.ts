import type {IncomingMessage} from 'node:http';
import {createRequest, type GraphRequest} from './graph-request.ts';
import type {RecordedRequest} from './request-recorder.ts';

/** Whether a body follows the headers. */
export function announcesBody({headers}: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** The longest body that is read, in bytes. */
export const maximumBodyLength: number = 8 * 1024 * 1024;

/** In place of a body that is longer than the limit. */
export const tooLong: unique symbol = Symbol('a body that is too long');

/** The body as text; `undefined` if the client disconnects before it is complete. What is over the limit is discarded as it arrives. */
export function readBody(request: IncomingMessage): Promise<string | typeof tooLong | undefined> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let length = 0;
    // A body whose announced length is too long is refused before it arrives.
    if (Number(request.headers['content-length']) > maximumBodyLength) resolve(tooLong);
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maximumBodyLength) chunks.push(chunk);
      else {
        chunks = [];
        resolve(tooLong);
      }
    });
    request.once('end', () => resolve(Buffer.concat(chunks).toString()));
    request.once('close', () => resolve(undefined));
  });
}

export function graphRequestOf(request: IncomingMessage, body: string | undefined, now: number): GraphRequest {
  const {method = '', url: target = '', headers} = request;
  const {authorization} = headers;
  return createRequest({method, target, authorization, body, now, recorded: undefined}, headers['client-request-id']);
}

/** A recorded request for the one owner that may still mark it as aborted. */
export type WritableRecord = {-readonly [Field in keyof RecordedRequest]: RecordedRequest[Field]};

export function recordOf(
  {method, target, body, now}: GraphRequest,
  received: IncomingMessage['headers'],
): WritableRecord {
  const joined = Object.entries(received).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : value,
  ]);
  const headers: RecordedRequest['headers'] = Object.fromEntries(joined);
  return {method, path: target, headers, ...(body !== undefined && {body}), at: now, aborted: false, batched: false};
}
