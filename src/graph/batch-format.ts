import {defaultMaxBodyLength} from '../http/read-body.ts';
import {createResponse, parseBody, type TransportRequest, type TransportResponse} from '../http/transport.ts';
import {ownProperty} from '../protocol/pointer.ts';

/** The most requests that Graph accepts in one [batch](https://learn.microsoft.com/graph/json-batching). */
export const maxBatchSize = 20;

/** A request that is sent in a batch. */
export interface BatchedRequest {
  readonly location: string;
  readonly request: TransportRequest;
}

/**
 * The request for a batch. The URLs in it are relative to the version, as [Graph's JSON
 * batching](https://learn.microsoft.com/graph/json-batching) requires.
 *
 * @param requests they all have the same token
 * @param version the URL of the version that they go to
 */
export function batchRequest(
  requests: readonly BatchedRequest[],
  version: string,
  callbacks: Pick<TransportRequest, 'signal' | 'onSent' | 'onHead'>,
): TransportRequest {
  return {
    method: 'POST',
    headers: {
      accept: 'application/json',
      'client-request-id': crypto.randomUUID(),
      authorization: requests[0]?.request.headers['authorization'],
    },
    json: {
      requests: requests.map(({location, request: {headers}}, index) => {
        const {authorization, ...own} = headers;
        return {id: String(index), method: 'GET', url: location.slice(version.length), headers: own};
      }),
    },
    maxBodyLength: maxBatchSize * defaultMaxBodyLength,
    ...callbacks,
  };
}

/**
 * The responses in the body of a batch's response, in the order of its requests; `undefined` for one that is missing or
 * cannot be read.
 *
 * @param count how many requests there were
 * @param authorization the header that was sent: a response that quotes its token stays text, in which it is looked for
 */
export function batchResponses(
  body: TransportResponse['body'],
  count: number,
  authorization = '',
): readonly (TransportResponse | undefined)[] {
  const responses = new Array<TransportResponse | undefined>(count).fill(undefined);
  const parsed = ownProperty(parseBody(body), 'responses');
  if (!Array.isArray(parsed)) return responses;
  // A response becomes text again only where it may be too long, or may quote the token.
  const isPlain =
    body !== undefined &&
    'text' in body &&
    body.text.length <= defaultMaxBodyLength &&
    !body.text.includes(authorization.replace(/^Bearer /, ''));
  for (const response of parsed) {
    const id = ownProperty(response, 'id');
    const status = ownProperty(response, 'status');
    const index = typeof id === 'string' && /^\d+$/.test(id) ? Number(id) : count;
    if (index >= count || !Number.isInteger(status)) continue;
    const content = responseBody(ownProperty(response, 'body'), isPlain);
    if (content === 'unreadable') continue;
    responses[index] = createResponse(Number(status), responseHeaders(ownProperty(response, 'headers')), content);
  }
  return responses;
}

/** The body of one response, as if it had come by itself. A string is not JSON but something else in Base64. */
function responseBody(body: unknown, isPlain: boolean): TransportResponse['body'] | 'unreadable' {
  if (body === undefined || body === null) return {text: ''};
  if (isPlain && typeof body === 'object') return {json: body};
  try {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return text.length > defaultMaxBodyLength ? undefined : {text};
  } catch {
    return 'unreadable'; // nested too deeply
  }
}

function responseHeaders(headers: unknown): TransportResponse['headers'] {
  const values = new Map<string, string>();
  if (typeof headers === 'object' && headers !== null) {
    for (const [name, value] of Object.entries(headers)) {
      if (typeof value === 'string' || typeof value === 'number') values.set(name.toLowerCase(), String(value));
    }
  }
  return {get: (name) => values.get(name.toLowerCase()) ?? null, has: (name) => values.has(name.toLowerCase())};
}
