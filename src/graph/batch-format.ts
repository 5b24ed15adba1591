import {type RequestHeaders, withClientHeaders} from '../client/headers.ts';
import {defaultMaxBodyLength} from '../http/read-body.ts';
import {
  createResponse,
  parseBody,
  type ResponseHeaders,
  type TransportRequest,
  type TransportResponse,
} from '../http/transport.ts';
import {ownProperty} from '../protocol/pointer.ts';
import {isObject} from '../shared/json.ts';

/** The most requests that Graph accepts in one [batch](https://learn.microsoft.com/graph/json-batching). */
export const maxBatchSize = 20;

/** A request that is sent in a batch. */
export interface BatchedRequest {
  readonly location: string;
  readonly request: TransportRequest;
}

/**
 * The request for a batch, of those of its requests that have not been aborted. The URLs in it are relative to the version, as
 * [Graph's JSON batching](https://learn.microsoft.com/graph/json-batching) requires.
 *
 * @param requests all with the same token
 * @param version the URL of the version that they go to
 * @param clientHeaders those that each request has besides its own
 */
export function batchRequest(
  requests: readonly BatchedRequest[],
  version: string,
  clientHeaders: RequestHeaders,
  callbacks: Pick<TransportRequest, 'signal' | 'onHeldBack' | 'onSent' | 'onHead'>,
): TransportRequest {
  return {
    method: 'POST',
    headers: {
      accept: 'application/json',
      'client-request-id': crypto.randomUUID(),
      authorization: requests[0]?.request.headers['authorization'],
    },
    json: {
      requests: requests.flatMap(({location, request: {headers, signal}}, index) => {
        if (signal.aborted) return [];
        const {authorization, ...own} = headers;
        return [
          {
            id: String(index),
            method: 'GET',
            url: location.slice(version.length),
            headers: withClientHeaders(own, clientHeaders),
          },
        ];
      }),
    },
    // Said here, since it could be found in a polluted `Object.prototype`: the batch would be sent without its body.
    isForeign: false,
    // In a batch, a response is longer than on its own: its headers are part of the body.
    maxBodyLength: Math.max(
      requests.reduce((sum, request) => sum + bodyLimit(request), 0),
      maxBatchSize * defaultMaxBodyLength,
    ),
    ...callbacks,
  };
}

/**
 * The responses in a batch's response, in the order of its requests; `undefined` for one that is missing or cannot be read,
 * and for the whole batch where it has no responses, whatever its HTTP status.
 */
export function batchResponses(
  {headers, body}: Pick<TransportResponse, 'headers' | 'body'>,
  requests: readonly Pick<BatchedRequest, 'request'>[],
): readonly (TransportResponse | undefined)[] | undefined {
  const parsed = ownProperty(parseBody(body), 'responses');
  if (!Array.isArray(parsed)) return undefined;
  const responses = new Array<TransportResponse | undefined>(requests.length).fill(undefined);
  const length = body !== undefined && 'text' in body ? body.text.length : Number.POSITIVE_INFINITY;
  for (const response of parsed) {
    const id = ownProperty(response, 'id');
    const status = ownProperty(response, 'status');
    const index = typeof id === 'string' && /^\d+$/.test(id) ? Number(id) : requests.length;
    const request = requests[index];
    if (request === undefined || typeof status !== 'number') continue;
    const maxLength = bodyLimit(request);
    // A response becomes text again only where it may be too long: a character takes three bytes at most.
    const content = responseBody(ownProperty(response, 'body'), maxLength, length * 3 <= maxLength);
    if (content === 'unreadable') continue;
    const ownHeaders = responseHeaders(ownProperty(response, 'headers'), headers);
    responses[index] = createResponse({status, headers: ownHeaders}, content);
  }
  return responses;
}

function bodyLimit({request: {maxBodyLength = defaultMaxBodyLength}}: Pick<BatchedRequest, 'request'>): number {
  return maxBodyLength;
}

/** The body of one response, as if it had been sent on its own. A string is a body other than JSON, in Base64. */
function responseBody(body: unknown, maxLength: number, isShort: boolean): TransportResponse['body'] | 'unreadable' {
  if (body === undefined) return {text: ''};
  if (isShort && typeof body === 'object') return {json: body};
  try {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return new TextEncoder().encode(text).length > maxLength ? undefined : {text};
  } catch {
    return 'unreadable'; // nested too deeply
  }
}

/** The headers of one response. The batch's own `Date` and `Age` apply to all of them. */
function responseHeaders(headers: unknown, envelope: ResponseHeaders): ResponseHeaders {
  const values = new Map<string, string>();
  if (isObject(headers)) {
    for (const [name, value] of Object.entries(headers)) {
      if (typeof value === 'string' || typeof value === 'number') values.set(name.toLowerCase(), String(value));
    }
  }
  for (const name of ['date', 'age']) {
    const value = envelope.get(name);
    if (value !== null && !values.has(name)) values.set(name, value);
  }
  return {
    get: (name) => values.get(name.toLowerCase()) ?? null,
    has: (name) => values.has(name.toLowerCase()),
    entries: () => values.entries(),
  };
}
