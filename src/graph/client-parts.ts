import type {TokenSource} from '../http/authorization.ts';
import type {Transport} from '../http/transport.ts';

/** What a client's own pollers use, for other runners of this package. */
export interface ClientParts {
  /** The client's tokens, shared. */
  readonly token: TokenSource;
  /** Through the client's gate, batches and limits. */
  readonly transport: Transport;
}

const parts = new WeakMap<object, ClientParts>();

/** Remembers what a client is made of; gives the client. */
export function rememberParts<Client extends object>(client: Client, made: ClientParts): Client {
  parts.set(client, made);
  return client;
}

/** What a client is made of; `undefined` for anything that `createGraphClient` has not made. */
export function partsOf(client: object): ClientParts | undefined {
  return parts.get(client);
}
