import ky, {type KyInstance} from 'ky';
import type {Exchange, Network, NetworkRequest} from './network.ts';

/** More than the library reads of any body. */
const tooMuch = 'x'.repeat(1024 * 1024 + 1);
const tooMuchBytes = new TextEncoder().encode(tooMuch);
const someBytes = new Uint8Array(64 * 1024).fill(0x20);

interface Given {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly json?: unknown;
}

/** In place of ky: a function that answers as `fetch` would, at a tenth of the cost. */
export function plainHttp(network: Network): KyInstance {
  const http = async (url: string, {method, headers, signal, json}: Given): Promise<unknown> => {
    const sent = credentialsIn((name) => headers[name]);
    return plainResponse(await network.send({url, method, ...sent, json, signal}));
  };
  return Object.assign(http, ky) as unknown as KyInstance;
}

/** The token and the key that a request carries. */
function credentialsIn(header: (name: string) => string | undefined): Pick<NetworkRequest, 'authorization' | 'key'> {
  const apiKey = header('x-api-key');
  const authorization = header('authorization') ?? (apiKey === undefined ? undefined : `x-api-key ${apiKey}`);
  return {authorization, key: header('x-tenant-key')};
}

function plainResponse(exchange: Exchange): unknown {
  const {http, headers, text, delivery} = exchange.answer;
  const body = {
    cancel: async (): Promise<void> => exchange.close(),
    getReader: () => ({
      read: async () => ({done: false, value: delivery === 'huge' ? tooMuchBytes : someBytes}),
      cancel: async (): Promise<void> => exchange.close(),
    }),
  };
  return {
    status: http,
    type: 'default',
    headers: {
      get: (name: string) => headers[name] ?? null,
      has: (name: string) => name in headers,
      entries: () => Object.entries(headers),
    },
    body: delivery === 'huge' || delivery === 'endless' ? body : null,
    text: () =>
      new Promise((resolve, reject) => {
        exchange.onGivenUp = reject;
        exchange.onArrival(() => resolve(text));
      }),
  };
}

/** Real ky, with real requests and responses, over a `fetch` that ends in the network. */
export function kyHttp(network: Network): KyInstance {
  const fetch = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const request = input as Request;
    const signal = init.signal ?? request.signal;
    const body = await request.text();
    const json: unknown = body === '' ? undefined : JSON.parse(body);
    const sent = credentialsIn((name) => request.headers.get(name) ?? undefined);
    return realResponse(await network.send({url: request.url, method: request.method, ...sent, json, signal}));
  };
  return ky.create({fetch: fetch as typeof globalThis.fetch});
}

function realResponse(exchange: Exchange): Response {
  const {http: status, headers, text, delivery} = exchange.answer;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      exchange.onGivenUp = (reason) => controller.error(reason);
      if (delivery === 'huge') controller.enqueue(tooMuchBytes);
      else if (delivery !== 'endless') {
        exchange.onArrival(() => {
          if (text !== '') controller.enqueue(new TextEncoder().encode(text));
          controller.close();
        });
      }
    },
    pull(controller) {
      if (delivery === 'endless') controller.enqueue(someBytes);
    },
    cancel: () => exchange.close(),
  });
  return new Response(body, {status, headers: {...headers}});
}
