import {createServer} from 'node:net';

// Below the ports that a system gives to whoever asks for any one, as every other server of the tests and every connection does: it is
// free again when the server that had it was ended and is started anew. Each of jest's workers has its own part of them.
const first = 20_000;
const size = 1000;
const parts = 12;
const part = first + (Number(process.env['JEST_WORKER_ID'] ?? 0) % parts) * size;
// Another run may have the same part.
let next = Math.floor(Math.random() * size);

/** A port of this machine that is free now, and that nobody else gets before this process has asked for a thousand. */
export async function freePort(): Promise<number> {
  const port = part + next;
  next = (next + 1) % size;
  return (await isFree(port)) ? port : freePort();
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
