import ky, {type BeforeRequestHook, type KyInstance, type Options} from 'ky';
import {PollError} from '../operation/poll-error.ts';
import {type Signal, toAbortSignal} from '../shared/abort.ts';
import {discardBody, readBody} from './read-body.ts';
import {readRetryAfter} from './retry-after.ts';

/** The HTTP statuses of a redirect. */
export const redirectStatuses: readonly number[] = [301, 302, 303, 307, 308];

/** A request as a transport takes it. */
export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** What is sent as JSON; `undefined`: no body. */
  readonly json?: unknown;
  /** The longest body that is read, in bytes. Default 1 MiB. */
  readonly maxBodyLength?: number;
  /** A header that is `undefined` is not sent, even where the ky instance has one. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Whether it goes to another origin than its own: then it has these headers alone, whatever the ky instance adds. */
  readonly isForeign?: boolean;
  readonly signal: Signal;
  /** The longest wait that is kept when the service asks for one, in milliseconds. */
  readonly maxRetryAfter?: number | undefined;
  /** Called when the request is held back, because the service asked for it, until a time in milliseconds since 1970. */
  readonly onHeldBack?: ((until: number) => void) | undefined;
  /** Called when the request leaves, which may be later: `requestTimeout` runs from then on. */
  readonly onSent: () => void;
  /** Called when a request that has left is to leave again by itself, because its batch failed: `requestTimeout` no longer runs. */
  readonly onRequeued?: (() => void) | undefined;
  /**
   * Called when the head of the response is there: the deadline no longer ends it, and it counts even if the body never arrives.
   * A batch has none for each of its requests.
   */
  readonly onHead: (head?: ResponseHead) => void;
}

/** The headers of a response. */
export interface ResponseHeaders {
  get(name: string): string | null;
  has(name: string): boolean;
  /** All of them, by their names in lower case. */
  entries(): Iterable<[string, string]>;
}

/** The head of a response. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: ResponseHeaders;
}

/** A response, read to its end. */
export interface TransportResponse extends ResponseHead {
  /** The response's `Retry-After`, in milliseconds. */
  readonly retryAfter: number | undefined;
  /** The body: JSON that has been parsed, text that has not, or nothing where it was too long. */
  readonly body: {readonly json: unknown} | {readonly text: string} | undefined;
}

/** Sends a request to the service and gives the response. */
export type Transport = (location: string, request: TransportRequest) => Promise<TransportResponse>;

/** Makes a response. The `Retry-After` is read here and nowhere else. @param body absent where it is not known */
export function createResponse({status, headers}: ResponseHead, body?: TransportResponse['body']): TransportResponse {
  return {status, headers, retryAfter: readRetryAfter(headers), body};
}

/** A transport whose responses are changed. Their heads, which arrive before them, are changed as responses without a body. */
export function changingResponses(
  transport: Transport,
  change: (response: TransportResponse) => TransportResponse,
): Transport {
  return async (location, request) => {
    const onHead = (head?: ResponseHead): void =>
      request.onHead(
        head && change({status: head.status, headers: head.headers, retryAfter: undefined, body: undefined}),
      );
    return change(await transport(location, {...request, onHead}));
  };
}

/** Headers whose values are changed; where that gives `null`, the header is left out. */
export function changedHeaders(headers: ResponseHeaders, change: (value: string) => string | null): ResponseHeaders {
  const get = (name: string): string | null => {
    const value = headers.get(name);
    return value === null ? null : change(value);
  };
  return {
    get,
    has: (name) => get(name) !== null,
    *entries() {
      for (const [name, given] of headers.entries()) {
        const value = change(given);
        if (value !== null) yield [name, value];
      }
    },
  };
}

// The transport of each ky instance: ky itself, unless `setTransport` has replaced it.
const transports = new WeakMap<KyInstance, Transport>();

/** Makes an instance send its requests through another transport. Instances derived from it by `extend` use ky again. */
export function setTransport(http: KyInstance, transport: Transport): void {
  transports.set(http, transport);
}

/** The transport of a ky instance. */
/* @__NO_SIDE_EFFECTS__ */ export function transportOf(http: KyInstance = ky): Transport {
  let transport = transports.get(http);
  if (transport === undefined) {
    transport = kyTransport(http);
    transports.set(http, transport);
  }
  return transport;
}

/** Sends each request on its own, with ky. */
function kyTransport(http: KyInstance): Transport {
  return async (location, {method, headers, json, isForeign, maxBodyLength, signal: ended, onSent, onHead}) => {
    onSent();
    const signal = toAbortSignal(ended);
    // An abort reaches a body that is still arriving only while somebody holds the request that ky made of our signal.
    const requests: Request[] = [];
    const options: Options = {
      method,
      json,
      // The location is used as it is, even if the instance has a prefix.
      prefix: '',
      retry: 0,
      timeout: false,
      throwHttpErrors: false,
      redirect: 'manual',
    };
    if (http === ky) Object.assign(options, fetchDirectly(headers, signal, json));
    else {
      const hold: BeforeRequestHook = ({request}) => void requests.push(request);
      options.headers = headers;
      options.signal = signal;
      options.hooks = {beforeRequest: isForeign ? [hold, withoutCredentials(location, headers), hold] : [hold]};
    }
    const response = await http(location, options);
    // Browsers do not reveal where a redirect leads, so the token might follow it anywhere.
    if (response.type === 'opaqueredirect') {
      const message = 'The response is a redirect, which cannot be followed safely here';
      throw new PollError(message, {kind: 'protocol', transient: false});
    }
    onHead(response);
    let text: string | undefined = '';
    if (redirectStatuses.includes(response.status)) discardBody(response.body);
    else text = await readBody(response, maxBodyLength);
    requests.pop(); // held until now
    return createResponse(response, text === undefined ? undefined : {text});
  };
}

/**
 * Hands to `fetch`, without going through ky, what ky only makes slower, where ky's `fetch` is known to be the global one: the
 * signal, which it would combine with its own by `AbortSignal.any`, at a higher cost than all of our own work; the headers, which
 * it would copy four times; and the body, which would otherwise come from its request through a stream.
 */
function fetchDirectly(headers: TransportRequest['headers'], signal: AbortSignal, json: unknown): Options {
  if (json === undefined) {
    const sent = withoutUndefined(headers);
    return {fetch: (request, init) => fetch(request, {...init, headers: sent, signal})};
  }
  const body = JSON.stringify(json);
  // These headers go through ky, which adds the type of the body.
  return {headers, stringifyJson: () => body, fetch: (request, init) => fetch(request, {...init, signal, body})};
}

function withoutUndefined(headers: TransportRequest['headers']): Record<string, string> {
  const defined: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value !== undefined) defined[name] = value;
  }
  return defined;
}

/**
 * Keeps a ky instance's own headers, query and cookies from a foreign origin: after its hooks, the request is rebuilt from what
 * this library gave it. What the instance's `fetch` gets besides the request, such as a dispatcher, stays.
 */
function withoutCredentials(location: string, headers: TransportRequest['headers']): BeforeRequestHook {
  const own = withoutUndefined(headers);
  return ({request: {method, signal}}) =>
    new Request(location, {method, headers: own, signal, redirect: 'manual', credentials: 'omit'});
}

const blank = /^[\t\n\r ]*$/;

/** A body as JSON: `null` where it is empty or blank, `undefined` where it is not JSON. */
export function parseBody(body: TransportResponse['body']): unknown {
  if (body === undefined || 'json' in body) return body?.json;
  const text = body.text.replace(/^\uFEFF/, ''); // a byte order mark
  try {
    return JSON.parse(text);
  } catch {
    return blank.test(text) ? null : undefined;
  }
}
