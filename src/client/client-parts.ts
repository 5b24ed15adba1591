import type {TokenSource} from '../http/authorization.ts';
import type {Transport} from '../http/transport.ts';

/** What the operations of a client share; other runners of this package use it too. */
export interface ClientParts {
  /** The origin that the tokens belong to. */
  readonly root: string;
  /** The root with the version, which paths are appended to. */
  readonly base: string;
  /** The token for watching. */
  readonly token: TokenSource;
  /** The token for starting. */
  readonly startToken: TokenSource;
  /** Sends requests within the client's limits and in its batches. */
  readonly transport: Transport;
}

// Not a property of the client, where anybody could print a token.
const partsOfClients = new WeakMap<object, ClientParts>();

/** Remembers the parts of a client. @returns the client */
export function rememberParts<Client extends object>(client: Client, parts: ClientParts): Client {
  partsOfClients.set(client, parts);
  return client;
}

/** The parts of a client; `undefined` for anything that `createGraphClient` has not made. */
export function partsOf(client: object): ClientParts | undefined {
  return partsOfClients.get(client);
}
