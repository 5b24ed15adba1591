// The other side of the benchmarks, in a process of its own, so that its work does not count.
import {type ChildProcess, fork} from 'node:child_process';
import {once} from 'node:events';
import {createServer, type RequestListener} from 'node:http';
import type {AddressInfo} from 'node:net';
import {fileURLToPath} from 'node:url';
import {BenchService} from './answer.ts';

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

/** How many polls the server has answered. */
export async function servedPolls(root: string): Promise<number> {
  return Number(await (await fetch(`${root}/served`)).text());
}

/** Answers as the service does, as quickly as Node can. */
export function benchListener(service: BenchService): RequestListener {
  return (request, response) => {
    response.setHeader('content-type', 'application/json');
    response.setHeader('request-id', '0b5cd0bb-1b0f-4a83-9d1c-0d9a1c5b8e7a');
    if (request.method === 'GET') {
      const {url = ''} = request;
      response.end(url === '/served' ? String(service.polls) : service.answer(url).text);
      return;
    }
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => response.end(service.answerBatch(body)));
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = createServer(benchListener(new BenchService()));
  server.keepAliveTimeout = 60_000;
  server.listen({port: 0, host: '127.0.0.1', backlog: 8192}, () =>
    process.send?.((server.address() as AddressInfo).port),
  );
  process.on('disconnect', () => process.exit());
}
