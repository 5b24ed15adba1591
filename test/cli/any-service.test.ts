// The command with the catalogue, with a protocol in a file, and with keys in headers.

import {execFileSync} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from '@jest/globals';
import {runCommand} from '../../src/cli/command.ts';
import {startServer} from '../support/behaviours.ts';
import {fakeShell, run} from './shells.ts';

const key = 'marker-key-0123456789';
const env = {KEY: key, EMPTY: ''};

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'operation-poller-command-'));
});

afterEach(() => rm(folder, {recursive: true, force: true}));

/** A server that answers each request with these bodies, one after the other. */
const serve = (...bodies: readonly object[]) => {
  let requests = 0;
  return startServer((_, response) => {
    response.end(JSON.stringify(bodies[Math.min(requests++, bodies.length - 1)]));
  });
};

async function protocolFile(text: string): Promise<string> {
  const path = join(folder, 'my.json');
  await writeFile(path, text);
  return path;
}

test('a name of the catalogue, with the key in the header of the service', async () => {
  const {root, requests} = await serve(
    {id: 'a', processing_status: 'in_progress'},
    {id: 'a', processing_status: 'ended', request_counts: {succeeded: 1}, results_url: 'https://a.example/results'},
  );
  const args = ['watch', `${root}/v1/messages/batches/a`, '--protocol', 'anthropic.batches', '--token-env', 'KEY'];
  const {exitCode, stdout, stderr} = await run([...args, '--interval', '5ms', '--json'], {env});
  expect([exitCode, stdout.includes('"status":"succeeded"')]).toEqual([0, true]);
  expect(requests.map(({headers}) => headers['x-api-key'])).toEqual([key, key]);
  expect(stdout + stderr).not.toContain(key);
});

test('a protocol in a file, and a header for the root', async () => {
  const {root, requests} = await serve({id: 'a', state: 'on'}, {id: 'a', state: 'over', echo: key});
  const path = await protocolFile(
    '\uFEFF' + '{"name": "mine", "status": "/state", "words": {"on": "running", "over": "succeeded"}}',
  );
  const headers = ['--header-env', 'X-Api-Key=KEY', '--header-env', 'X-Other=KEY'];
  const args = ['watch', '/jobs/1', '--root', root, '--protocol-file', path, ...headers, '--interval', '5ms', '--json'];
  const {exitCode, stdout, stderr} = await run(args, {env});
  expect([exitCode, stdout.includes('"status":"succeeded"')]).toEqual([0, true]);
  expect(requests.map(({url, headers: sent}) => [url, sent['x-api-key'], sent['x-other']])).toEqual([
    ['/jobs/1', key, key],
    ['/jobs/1', key, key],
  ]);
  expect(stdout + stderr).not.toContain(key);
});

test.each([
  ['without a protocol', []],
  ['with another protocol', ['--protocol', 'longRunning']],
])('a resume file of a protocol in a file, %s', async (_, given) => {
  const {root, requests} = await serve({id: 'a', state: 'on'});
  const path = await protocolFile('{"name": "mine", "status": "/state", "words": {"over": "succeeded"}}');
  const resume = ['--resume', join(folder, 'saved.json'), '--timeout', '50ms'];
  expect((await run(['watch', `${root}/1`, '--protocol-file', path, ...resume], {env})).exitCode).toBe(4);
  const asked = requests.length;
  const {exitCode, stderr} = await run(['watch', ...given, ...resume], {env});
  expect([exitCode, requests.length]).toEqual([2, asked]);
  expect(stderr).toBe(
    'operation-poller: --resume: the file is for the protocol "mine"\n' +
      '  Give that protocol with --protocol or --protocol-file, as in the run that wrote the file.\n',
  );
});

test.each([
  [
    [],
    'No token was given. Use --token-env, --token-file or --token-command. For a key in a header of its own: --header-env',
  ],
  [['--header-env', 'X-Api-Key=KEY'], 'Check the variables of --header-env'],
])('a 401, with %j', async (headers, hint) => {
  const {root} = await startServer((_, response) => void response.writeHead(401).end());
  const {exitCode, stderr} = await run(['watch', '/jobs/1', '--root', root, ...headers], {env});
  expect([exitCode, stderr.includes(`\n  ${hint}`)]).toEqual([5, true]);
  expect(stderr).not.toContain(key);
});

test('a 403 of any service, with a key', async () => {
  const {root} = await startServer((_, response) => void response.writeHead(403).end());
  const {exitCode, stderr} = await run(['watch', '/jobs/1', '--root', root, '--header-env', 'X-Api-Key=KEY'], {env});
  expect([exitCode, stderr.split('\n')[1]]).toEqual([
    5,
    '  The token or key lacks a permission or a role (for Graph: docs/graph.md).',
  ]);
});

test('a resume file of the catalogue needs no --protocol', async () => {
  let status = 'IN_PROGRESS';
  const {root} = await startServer((_, response) => void response.end(JSON.stringify({id: 'a', status})));
  const resume = ['--resume', join(folder, 'job.resume'), '--token-env', 'KEY', '--interval', '500ms'];
  const first = ['watch', `${root}/status/a`, '--protocol', 'runpod.jobs', ...resume, '--timeout', '100ms'];
  expect((await run(first, {env})).exitCode).toBe(4);
  status = 'COMPLETED';
  expect((await run(['watch', ...resume, '--timeout', '60s'], {env})).exitCode).toBe(0);
});

describe('is refused, without the key', () => {
  const root = 'https://api.example.com';
  test.each([
    [['--header-env', 'X-Api-Key', '--root', root], 'Expected NAME=VARIABLE'],
    [['--header-env', key, '--root', root], 'Expected NAME=VARIABLE'],
    [['--header-env', `X-Api-Key=${key}`, '--root', root], 'the variable of X-Api-Key is not set'],
    [['--header-env', 'X-Api-Key=EMPTY', '--root', root], 'the variable of X-Api-Key is empty'],
    [['--header-env', 'X-Api-Key=KEY'], 'nothing says where the header goes'],
    [['--header-env', 'a b=KEY', '--root', root], 'headers.a b: expected the name of a header'],
    [['--header-env', 'Authorization=KEY', '--root', root, '--token-env', 'KEY'], 'expected no token here'],
    [['--protocol', 'batches'], 'Did you mean anthropic.batches or openai.batches?'],
    [['--protocol-file', 'none.json'], 'It cannot be read (ENOENT).'],
  ])('%j', async (args, message) => {
    const {exitCode, stdout, stderr} = await run(['watch', `${root}/1`, ...args], {env});
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain(key);
  });

  test.each([
    ['{"name": "mine"', 'It is not JSON'],
    ['{"name": "mine", "status": "state", "words": {}}', "protocol.status: expected JSON pointers such as '/status'"],
    ['[]', 'protocol: expected an object with a name'],
  ])('a file with %s', async (text, message) => {
    const path = await protocolFile(text);
    const {exitCode, stderr} = await run(['watch', `${root}/1`, '--protocol-file', path], {env});
    expect([exitCode, stderr.includes(message)]).toEqual([2, true]);
  });

  test.each([
    ['watch', `${root}/1`, '--protocol-file'],
    ['emulate', '--script'],
  ])('a named pipe that nobody writes to, once %s is interrupted', async (...args) => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const shell = fakeShell({env});
    const ended = runCommand([...args, path], shell);
    setImmediate(shell.interrupt);
    expect([await ended, shell.written().stdout]).toEqual([130, '']);
  });

  test('a file beside a name', async () => {
    const path = await protocolFile('{"name": "mine", "status": "/state", "words": {"over": "succeeded"}}');
    const {exitCode, stderr} = await run(['watch', `${root}/1`, '--protocol-file', path, '--protocol', 'longRunning']);
    expect([exitCode, stderr.includes('cannot be used with')]).toEqual([2, true]);
  });
});
