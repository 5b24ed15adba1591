// The other side of the benchmarks, in a process of its own, so that its work does not count: every request is answered as
// a running operation, as quickly as Node can.
import {type ChildProcess, fork} from 'node:child_process';
import {once} from 'node:events';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {fileURLToPath} from 'node:url';

const body = JSON.stringify({
  id: '2d497bb-57bd-47a6-8749-5ccd0869f2bd',
  status: 'running',
  createdDateTime: '2020-05-14T00:23:40Z',
  lastActionDateTime: '2020-05-14T00:23:41Z',
  statusDetail: null,
  resourceLocation: null,
});

/** A server that is running, and how to stop it. */
export interface BenchServer {
  readonly root: string;
  stop(): void;
}

/** Starts the server; it ends with this process at the latest. */
export async function startBenchServer(): Promise<BenchServer> {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), ['serve']);
  const [port] = await once(child, 'message');
  return {root: `http://127.0.0.1:${port}`, stop: () => void child.kill()};
}

if (process.argv[2] === 'serve') {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.setHeader('request-id', '0b5cd0bb-1b0f-4a83-9d1c-0d9a1c5b8e7a');
    response.end(body);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
  process.on('disconnect', () => process.exit());
}
