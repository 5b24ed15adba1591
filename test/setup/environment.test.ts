import {once} from 'node:events';
import {createRequire} from 'node:module';
import {createServer, type Server} from 'node:net';
import {expect, test} from '@jest/globals';

const Environment = createRequire(import.meta.url)('./environment.cjs');

/** The environment of a file that begins now. */
function environment(): {patience: number; teardown(): Promise<void>} {
  const projectConfig = {globals: {}, testEnvironmentOptions: {}, fakeTimers: {}, rootDir: '/'};
  return new Environment({projectConfig, globalConfig: {}}, {testPath: '/a.test.ts', docblockPragmas: {}});
}

async function listen(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

test('a file that leaves nothing behind passes, and one that ends what it began while it is waited for', async () => {
  await environment().teardown();
  const ending = environment();
  const server = await listen();
  setTimeout(() => server.close(), 50);
  await ending.teardown();
});

test('what ends passes too where the process stands still longer than it is waited for', async () => {
  const ending = environment();
  ending.patience = 200;
  const server = await listen();
  const torndown = ending.teardown();
  setTimeout(() => server.close(), 50);
  setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300), 30);
  await torndown;
});

test('a file that leaves a server or a timer behind fails', async () => {
  const careless = environment();
  careless.patience = 0;
  const server = await listen();
  const timer = setTimeout(() => {}, 60_000);
  try {
    const failure = await careless.teardown().catch(String);
    expect(failure).toMatch(/^Error: Left behind after the last test: .*\d Timeout/);
    expect(failure).toContain('1 TCPServerWrap');
  } finally {
    clearTimeout(timer);
    server.close();
  }
});
