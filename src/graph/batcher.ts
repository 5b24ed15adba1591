import {defaultMaxBodyLength} from '../http/read-body.ts';
import {
  createResponse,
  parseBody,
  type Transport,
  type TransportRequest,
  type TransportResponse,
} from '../http/transport.ts';
import {ownProperty} from '../protocol/pointer.ts';
import {LazyAbortController, onAbort} from '../shared/abort.ts';

/** The most requests that Graph takes in one batch. */
export const largestBatch = 20;

interface Collection {
  readonly parts: Part[];
  readonly timer: ReturnType<typeof setTimeout>;
}

interface Part {
  readonly location: string;
  readonly outgoing: TransportRequest;
  readonly resolve: (reply: TransportResponse | Promise<TransportResponse>) => void;
  /** The batch it is under way with. */
  batch: Batch | undefined;
}

/** A batch under way: of use as long as one of its parts is. */
interface Batch {
  wanted: number;
  readonly controller: LazyAbortController;
}

/** Sends a batch: gives the replies by the parts' numbers, or `undefined` when the batch as a whole failed. */
export type SendBatch = (
  parts: readonly BatchPart[],
  outgoing: TransportRequest,
) => Promise<readonly (TransportResponse | undefined)[] | undefined>;

/** A request of a batch. */
export interface BatchPart {
  readonly location: string;
  readonly headers: TransportRequest['headers'];
}

/**
 * Collects requests that leave within a short time and sends them together. One that has no company goes alone, and so does
 * each of a batch that failed.
 */
export class Batcher {
  readonly #window: number;
  readonly #alone: Transport;
  readonly #together: SendBatch;
  readonly #collecting = new Map<string, Collection>();

  /**
   * @param window for how many milliseconds requests are collected
   * @param alone carries a request by itself
   * @param together carries a batch
   */
  constructor(window: number, alone: Transport, together: SendBatch) {
    this.#window = window;
    this.#alone = alone;
    this.#together = together;
  }

  /**
   * Carries a request with others of its kind.
   *
   * @param kind requests of one kind may travel together
   */
  carry(kind: string, location: string, outgoing: TransportRequest): Promise<TransportResponse> {
    return new Promise((resolve, reject) => {
      const collection = this.#collecting.get(kind) ?? this.#collect(kind);
      const {parts} = collection;
      const unsubscribe = onAbort(outgoing.signal, () => {
        unsubscribe();
        reject(outgoing.signal.reason);
        if (part.batch === undefined) this.#forget(kind, collection, part);
        else drop(part.batch, outgoing.signal.reason);
      });
      const part: Part = {
        location,
        outgoing,
        resolve: (reply) => {
          unsubscribe();
          resolve(reply);
        },
        batch: undefined,
      };
      parts.push(part);
      if (parts.length === largestBatch) this.#dispatch(kind, collection);
    });
  }

  #collect(kind: string): Collection {
    const collection = {parts: [], timer: setTimeout(() => this.#dispatch(kind, collection), this.#window)};
    this.#collecting.set(kind, collection);
    return collection;
  }

  /** Drops a part that nobody waits for any more; with the last one nothing is left of the collection. */
  #forget(kind: string, collection: Collection, part: Part): void {
    const {parts, timer} = collection;
    if (this.#collecting.get(kind) !== collection) return;
    parts.splice(parts.indexOf(part), 1);
    if (parts.length > 0) return;
    clearTimeout(timer);
    this.#collecting.delete(kind);
  }

  #dispatch(kind: string, {parts, timer}: Collection): void {
    clearTimeout(timer);
    this.#collecting.delete(kind);
    const [only] = parts;
    if (only !== undefined && parts.length === 1) only.resolve(this.#alone(only.location, only.outgoing));
    else void this.#send(parts);
  }

  async #send(parts: readonly Part[]): Promise<void> {
    const batch: Batch = {wanted: parts.length, controller: new LazyAbortController()};
    for (const part of parts) part.batch = batch;
    const outgoing: TransportRequest = {
      method: 'POST',
      headers: envelopeHeaders(parts),
      signal: batch.controller,
      onSent: () => {
        for (const part of parts) part.outgoing.onSent();
      },
      onHead: () => {
        for (const part of parts) part.outgoing.onHead();
      },
    };
    let replies: readonly (TransportResponse | undefined)[] | undefined;
    try {
      replies = await this.#together(
        parts.map(({location, outgoing: {headers}}) => ({location, headers})),
        outgoing,
      );
    } catch {
      // What went wrong with the batch goes wrong with its parts again, if it has to, and is told there.
    }
    for (const [index, part] of parts.entries()) {
      const reply = replies?.[index];
      if (reply !== undefined) part.resolve(reply);
      else if (!part.outgoing.signal.aborted) part.resolve(this.#alone(part.location, part.outgoing));
    }
  }
}

function drop(batch: Batch, reason: unknown): void {
  batch.wanted -= 1;
  if (batch.wanted === 0) batch.controller.abort(reason);
}

function envelopeHeaders(parts: readonly Part[]): TransportRequest['headers'] {
  // All parts of a kind carry the same token, which is the batch's.
  return {
    accept: 'application/json',
    'client-request-id': crypto.randomUUID(),
    authorization: parts[0]?.outgoing.headers['authorization'],
  };
}

/** The body of a batch: the parts' URLs are relative to the version, as [Graph's JSON
 * batching](https://learn.microsoft.com/graph/json-batching) wants them. */
export function batchBody(parts: readonly BatchPart[], base: string): unknown {
  return {
    requests: parts.map(({location, headers}, index) => {
      const {authorization, ...own} = headers;
      return {id: String(index), method: 'GET', url: location.slice(base.length), headers: own};
    }),
  };
}

/**
 * The replies in the body of a batch's answer, by the parts' numbers; one that is missing or cannot be read is `undefined`.
 *
 * @param authorization what was sent with it, which no reply may show unseen
 */
export function batchReplies(
  body: TransportResponse['body'],
  count: number,
  authorization = '',
): readonly (TransportResponse | undefined)[] | undefined {
  const responses = ownProperty(parseBody(body), 'responses');
  if (!Array.isArray(responses)) return undefined;
  // As JSON where nothing is to be looked for in the text of a part, neither its length nor the token.
  const isPlain =
    body !== undefined &&
    'text' in body &&
    body.text.length <= defaultMaxBodyLength &&
    !body.text.includes(authorization.replace(/^Bearer /, ''));
  const replies = new Array<TransportResponse | undefined>(count).fill(undefined);
  for (const response of responses) {
    const id = ownProperty(response, 'id');
    const status = ownProperty(response, 'status');
    const index = typeof id === 'string' && /^\d+$/.test(id) ? Number(id) : count;
    if (index >= count || !Number.isInteger(status)) continue;
    const content = partBody(ownProperty(response, 'body'), isPlain);
    if (content === 'unreadable') continue;
    replies[index] = createResponse(Number(status), headerReader(ownProperty(response, 'headers')), content);
  }
  return replies;
}

/** A part's body as if it came alone; a text is no JSON but something else in Base64. */
function partBody(body: unknown, isPlain: boolean): TransportResponse['body'] | 'unreadable' {
  if (body === undefined || body === null) return {text: ''};
  if (isPlain && typeof body === 'object') return {json: body};
  try {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return text.length > defaultMaxBodyLength ? undefined : {text};
  } catch {
    return 'unreadable'; // nested too deeply
  }
}

function headerReader(headers: unknown): TransportResponse['headers'] {
  const values = new Map<string, string>();
  if (typeof headers === 'object' && headers !== null) {
    for (const [name, value] of Object.entries(headers)) {
      if (typeof value === 'string' || typeof value === 'number') values.set(name.toLowerCase(), String(value));
    }
  }
  return {get: (name) => values.get(name.toLowerCase()) ?? null, has: (name) => values.has(name.toLowerCase())};
}
