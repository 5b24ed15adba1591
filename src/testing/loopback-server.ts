import {createServer, type IncomingMessage, type RequestListener, type ServerResponse} from 'node:http';
import {createServer as createTlsServer} from 'node:https';
import type {Server, Socket} from 'node:net';
import type {KeyPair} from './self-signed.ts';

/** An HTTP server that only this machine can reach and that can be stopped at once. */
export interface LoopbackServer {
  readonly root: string;
  /** Open sockets. */
  readonly connections: number;
  readonly stopping: boolean;
  /** Passes requests to a listener, from now on: no request can arrive before the turn ends in which the server has started. */
  serve(listener: RequestListener, intercept?: Interceptor): void;
  /** Resolves when no request is being answered, apart from those that an `Interceptor` has taken. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** Takes a request and returns `true`, or returns `false` to leave it to the listener. */
export type Interceptor = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Starts the server, of https with `tls`; rejects if the port is taken. */
export async function startLoopbackServer(port: number, tls?: KeyPair): Promise<LoopbackServer> {
  const sockets = new Set<Socket>();
  let answering = 0;
  let whenIdle: Array<() => void> = [];
  let stopped: Promise<void> | undefined;

  const track = (response: ServerResponse) => {
    answering += 1;
    response.once('close', () => {
      answering -= 1;
      if (answering > 0) return;
      for (const resolve of whenIdle) resolve();
      whenIdle = [];
    });
  };

  // No timeouts: a hung answer stays open as long as the client likes, and an idle connection is not closed
  // just when a client is about to reuse it.
  const limits = {keepAliveTimeout: 0, requestTimeout: 0};
  const server = tls === undefined ? createServer(limits) : createTlsServer({...limits, ...tls});
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  return {
    root: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${await listen(server, port)}`,
    get connections() {
      return sockets.size;
    },
    get stopping() {
      return stopped !== undefined;
    },
    serve: (listener, intercept = () => false) => {
      server.on('request', (request, response) => {
        if (intercept(request, response)) return;
        track(response);
        listener(request, response);
      });
    },
    idle: () => (answering === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
    stop() {
      stopped ??= closeAll(server, sockets);
      return stopped;
    },
  };
}

/** @returns the port, which with 0 is any that is free */
function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Thousands of pollers may start at the same moment: a short queue would refuse some of them.
    server.listen({port, host: '127.0.0.1', backlog: 8192}, () => {
      server.off('error', reject);
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('The server has no port'));
      else resolve(address.port);
    });
  });
}

/** Resolves when the server and every one of its sockets is closed. */
async function closeAll(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const closing = [...sockets, server].map(
    (each) => new Promise<void>((resolve) => each.once('close', () => resolve())),
  );
  server.close();
  for (const socket of sockets) socket.destroy();
  await Promise.all(closing);
}
