import {once} from 'node:events';
import {type AddressInfo, connect, createServer} from 'node:net';

/** Where nobody listens, until it is disposed of. */
export interface ClosedPort extends Disposable {
  readonly root: string;
}

/**
 * Takes a port at which nobody listens, and which the system gives to no other server meanwhile, as it may give that of one that was
 * closed: it is the client's end of a connection. That end is bound first, so that no client gets it either and connects to itself.
 */
export async function takeClosedPort(): Promise<ClosedPort> {
  const host = '127.0.0.1';
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const client = connect({port: (server.address() as AddressInfo).port, host, localAddress: host});
  const [[other]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
  return {
    root: `http://${host}:${client.localPort}`,
    [Symbol.dispose]() {
      client.destroy();
      other.destroy();
      server.close();
    },
  };
}
