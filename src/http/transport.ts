import ky, {type KyInstance, type Options} from 'ky';
import {type Signal, toAbortSignal} from '../shared/abort.ts';
import {giveUp, readBody} from './read-body.ts';

/** The HTTP statuses of a redirect. */
export const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** A request on its way. */
export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** What is sent as JSON; `undefined`: no body. */
  readonly json?: unknown;
  /** The longest body that is read, in bytes. Default 1 MiB. */
  readonly longestBody?: number;
  /** A header that is `undefined` is not sent, also where the ky instance has one. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly signal: Signal;
  /** To be called when it leaves, which may be later: `requestTimeout` runs from then on. */
  readonly sent: () => void;
  /** To be called when the head of the answer is there: the deadline no longer ends it. */
  readonly answered: () => void;
}

/** An answer, read to its end. */
export interface TransportResponse {
  readonly status: number;
  readonly headers: {get(name: string): string | null; has(name: string): boolean};
  /** The body: JSON that was parsed already, text that was not, or nothing where it was too long. */
  readonly body: {readonly json: unknown} | {readonly text: string} | undefined;
}

/** Brings a request to the service and its answer back. */
export type Transport = (location: string, outgoing: TransportRequest) => Promise<TransportResponse>;

// Instances that come with a transport of their own.
const transports = new WeakMap<KyInstance, Transport>();

/** Lets an instance's requests go by another transport. One that is made from it by `extend` has its own way again. */
export function setTransport(http: KyInstance, transport: Transport): void {
  transports.set(http, transport);
}

/** What carries the requests of a ky instance. */
export function transportOf(http: KyInstance = ky): Transport {
  return transports.get(http) ?? kyTransport(http);
}

/** Carries each request by itself, by ky. */
function kyTransport(http: KyInstance): Transport {
  return async (location, {method, headers, json, longestBody, signal, sent, answered}) => {
    sent();
    const response = await http(location, {
      method,
      headers,
      ...directly(http, toAbortSignal(signal), json),
      ...(json === undefined ? {} : {json}),
      retry: 0,
      timeout: false,
      throwHttpErrors: false,
      redirect: 'manual',
    });
    answered();
    if (response.type === 'opaqueredirect') throw new OpaqueRedirect();
    const {status} = response;
    if (redirectStatuses.has(status)) {
      giveUp(response.body);
      return {status, headers: response.headers, body: {text: ''}};
    }
    const text = await readBody(response, longestBody);
    return {status, headers: response.headers, body: text === undefined ? undefined : {text}};
  };
}

/**
 * What `fetch` gets past ky, where ky's `fetch` is known to be the global one: the signal, which ky would join with its own,
 * by `AbortSignal.any`, for more than all that is ours costs; and the body, which would come from ky's request through a
 * stream.
 */
function directly(http: KyInstance, signal: AbortSignal, json: unknown): Options {
  if (http !== ky) return {signal};
  if (json === undefined) return {fetch: (request, init) => fetch(request, {...init, signal})};
  const body = JSON.stringify(json);
  return {stringifyJson: () => body, fetch: (request, init) => fetch(request, {...init, signal, body})};
}

/** Browsers do not show where a redirect leads, so that the token could not be kept from there. */
export class OpaqueRedirect extends Error {
  override readonly name = 'OpaqueRedirect';
}

/** A body as JSON: `null` where there is none, `undefined` where it is no JSON. */
export function bodyJson(body: TransportResponse['body']): unknown {
  if (body === undefined || 'json' in body) return body?.json;
  if (body.text === '') return null;
  try {
    return JSON.parse(body.text);
  } catch {
    return undefined;
  }
}
