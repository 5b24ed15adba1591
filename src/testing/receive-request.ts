import {randomUUID} from 'node:crypto';
import type {IncomingMessage} from 'node:http';
import type {GraphRequest} from './graph-request.ts';
import type {RecordedRequest} from './request-recorder.ts';

/** Whether the request says that a body follows. One without a body can be answered in the same turn. */
export function announcesBody({headers}: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** The body as text, or `undefined` if the client left before it was complete. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString();
}

/** What the service looks at of a request. */
export function graphRequestOf(request: IncomingMessage, body: string | undefined, now: number): GraphRequest {
  const {method = '', url = '', headers} = request;
  const requestId = randomUUID();
  const given = headers['client-request-id'];
  return {
    method,
    target: url,
    authorization: headers.authorization,
    body,
    now,
    requestId,
    clientRequestId: typeof given === 'string' && given !== '' ? given : requestId,
    recorded: undefined,
  };
}

/** A record that the caller may still mark as aborted; everybody else only reads it. */
export type OpenRecord = {-readonly [Field in keyof RecordedRequest]: RecordedRequest[Field]};

export function recordOf({method, target, body, now}: GraphRequest, received: IncomingMessage['headers']): OpenRecord {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(received)) {
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return {method, path: target, headers, ...(body !== undefined && {body}), at: now, aborted: false, batched: false};
}
