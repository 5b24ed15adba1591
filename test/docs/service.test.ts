import {type ChildProcess, spawn} from 'node:child_process';
import {createHmac} from 'node:crypto';
import {once} from 'node:events';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {afterEach, describe, expect, test} from '@jest/globals';
import {fastify} from 'fastify';
import {createGraphClient} from 'operation-poller/graph';
import pWaitFor from 'p-wait-for';
import {createService} from '../../docs/examples/service/service.ts';
import {isStandardWebhook, isStripeWebhook} from '../../docs/examples/service/signatures.ts';
import {findRedis, startRedis} from '../support/redis.ts';
import {startEmulator} from '../testing/emulators.ts';

const loader = new URL('../support/load-typescript.mjs', import.meta.url).href;
const example = (name: string): string =>
  fileURLToPath(new URL(`../../docs/examples/service/${name}.ts`, import.meta.url));
const secret = `whsec_${Buffer.from('a secret of the webhooks').toString('base64')}`;

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

interface Service {
  readonly root: string;
  readonly child: ChildProcess;
  readonly log: readonly string[];
  /** Ends it, and resolves with its exit code or signal. */
  end(signal: NodeJS.Signals): Promise<unknown>;
}

async function startService(env: Readonly<Record<string, string>>): Promise<Service> {
  const child = spawn(process.execPath, ['--import', loader, example('main')], {
    env: {...process.env, PORT: '0', WEBHOOK_SECRET: secret, GRAPH_TOKEN: 'a-token', ...env},
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  endings.push(() => child.kill('SIGKILL'));
  const log: string[] = [];
  const root = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`The service has exited: ${log.join('\n')}`)));
    createInterface({input: child.stdout}).on('line', (line) => {
      log.push(line);
      const address = /Server listening at (http:\/\/127[^"]+)/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
  const end = async (signal: NodeJS.Signals): Promise<unknown> => {
    const exited = once(child, 'exit');
    child.kill(signal);
    const [code, by] = await exited;
    return code ?? by;
  };
  return {root, child, log, end};
}

interface Message {
  readonly id: string;
  readonly to: string;
  readonly text: string;
}

/** Takes the messages of the service; answers none while it is closed. */
async function startMail() {
  const messages: Message[] = [];
  const mail = {messages, isClosed: false, url: ''};
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    messages.push({id: String(request.headers['idempotency-key']), ...JSON.parse(body)});
    if (!mail.isClosed) response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  mail.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  endings.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return mail;
}

async function startReset({root}: Service, user: string): Promise<string> {
  const body = JSON.stringify({user, mail: `${user}@contoso.com`, newPassword: 'a-new-password-of-the-user'});
  const headers = {'content-type': 'application/json'};
  const response = await fetch(`${root}/resets`, {method: 'POST', headers, body});
  expect(response.status).toBe(202);
  return response.headers.get('location') ?? '';
}

async function stateOf({root}: Service, path: string): Promise<unknown> {
  const response = await fetch(root + path);
  return response.status === 200 ? ((await response.json()) as {status: unknown}).status : response.status;
}

async function sendHint({root}: Service, path: string, by = secret): Promise<number> {
  const body = '{"type":"changed"}';
  const time = String(Math.floor(Date.now() / 1000));
  const key = Buffer.from(by.replace('whsec_', ''), 'base64');
  const mac = createHmac('sha256', key).update(`msg_1.${time}.${body}`).digest('base64');
  const headers = {
    'content-type': 'application/json',
    'webhook-id': 'msg_1',
    'webhook-timestamp': time,
    'webhook-signature': `v1,${mac}`,
  };
  return (await fetch(`${root}/webhooks/${path.split('/').at(-1)}`, {method: 'POST', headers, body})).status;
}

const redis = findRedis();

describe.each(['tracker', ...(redis === undefined ? [] : ['queue'])])('the service on a %s', (kind) => {
  async function given() {
    const folder = mkdtempSync(join(tmpdir(), 'operation-poller-service-'));
    endings.push(() => rmSync(folder, {recursive: true, force: true}));
    const emulator = await startEmulator({token: 'a-token', script: ['notStarted', 'running']});
    const mail = await startMail();
    const env: Record<string, string> = {STATE: folder, GRAPH_ROOT: emulator.root, NOTIFY_URL: mail.url};
    if (kind === 'queue' && redis !== undefined) {
      const server = await startRedis(redis);
      endings.push(() => server.stop());
      env['REDIS_URL'] = `redis://${server.host}:${server.port}`;
    }
    return {emulator, mail, start: () => startService(env)};
  }

  test('loses nothing when it is killed, and tells each user the end', async () => {
    const {emulator, mail, start} = await given();
    const first = await start();
    const users = Array.from({length: 12}, (_, count) => `user-${count}`);
    const paths = await Promise.all(users.map((user) => startReset(first, user)));
    await pWaitFor(async () => (await stateOf(first, paths[0] ?? '')) === 'running');
    expect(await first.end('SIGKILL')).toBe('SIGKILL');

    // In the second life some end, and it is killed while it sends the messages.
    const operations = emulator.operations;
    for (const operation of operations.slice(0, 6)) operation.move('succeeded');
    mail.isClosed = true;
    const second = await start();
    for (const path of paths) await sendHint(second, path);
    await pWaitFor(() => new Set(mail.messages.map(({id}) => id)).size === 6);
    expect(await second.end('SIGKILL')).toBe('SIGKILL');
    const cutOff = mail.messages.splice(0);

    mail.isClosed = false;
    for (const operation of operations.slice(6)) operation.move({status: 'failed', detail: 'PolicyViolation'});
    const third = await start();
    for (const path of paths) await sendHint(third, path);
    await pWaitFor(() => new Set(mail.messages.map(({id}) => id)).size === 12);
    const texts = new Map(mail.messages.map(({to, text}) => [to, text]));
    expect([...texts.keys()].sort()).toEqual(users.map((user) => `${user}@contoso.com`).sort());
    expect([...texts.values()].filter((text) => text === 'Your password reset: succeeded')).toHaveLength(6);
    expect([...texts.values()].filter((text) => text === 'Your password reset: failed')).toHaveLength(6);
    // Who was being told when it was killed is told again with the same id.
    for (const {id, to} of cutOff) expect(mail.messages).toContainEqual(expect.objectContaining({id, to}));
    const ends = await Promise.all(paths.map((path) => stateOf(third, path)));
    expect(ends.sort()).toEqual([...users.slice(6).map(() => 'failed'), ...users.slice(6).map(() => 'succeeded')]);
    expect(emulator.requests.filter(({path}) => path.endsWith('/resetPassword'))).toHaveLength(12);
    expect(await third.end('SIGTERM')).toBe(0);
    for (const {log} of [first, second, third]) expect(log.join('\n')).not.toMatch(/a-token|a-new-password/);
  }, 240_000);

  test('streams the events of one reset until its end, after a hint', async () => {
    const {emulator, mail, start} = await given();
    const service = await start();
    const path = await startReset(service, 'adele');
    await startReset(service, 'another');
    const stream = await fetch(`${service.root}${path}/events`);
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    await pWaitFor(async () => (await stateOf(service, path)) === 'running');
    expect(await sendHint(service, path, 'whsec_d3Jvbmc=')).toBe(401);
    for (const operation of emulator.operations) operation.move('succeeded');
    expect(await sendHint(service, path)).toBe(204);
    const text = await stream.text();
    expect(text).toMatch(/^event: state\ndata: {"status":"\w+"}\n\n/);
    expect(text).toMatch(/\nevent: succeeded\ndata: {"at":\d+,"status":"succeeded"}\n\n/);
    expect(text.match(/event: (succeeded|end)/g)?.slice(-1)).toEqual(['event: end']);
    expect(text).toMatch(/\nevent: end\ndata: {"status":"succeeded"}\n\n$/);
    await pWaitFor(() => mail.messages.some(({to}) => to === 'adele@contoso.com'));
    const late = await fetch(`${service.root}${path}/events`);
    expect(await late.text()).toBe('event: end\ndata: {"status":"succeeded"}\n\n');
    expect(
      await stateOf(
        service,
        path.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      ),
    ).toBe(404);
    expect(await stateOf(service, '/resets/..%2Fends')).toBe(400);
  }, 240_000);

  test('ends at SIGTERM, also with streams open, and goes on later', async () => {
    const {emulator, mail, start} = await given();
    const first = await start();
    const path = await startReset(first, 'adele');
    const stream = await fetch(`${first.root}${path}/events`);
    const [code] = await Promise.all([first.end('SIGTERM'), stream.text()]);
    expect(code).toBe(0);
    for (const operation of emulator.operations) operation.move('succeeded');
    const second = await start();
    await sendHint(second, path);
    await pWaitFor(() => mail.messages.length === 1);
    expect(await second.end('SIGTERM')).toBe(0);
    expect(mail.messages).toHaveLength(1);
  }, 240_000);
});

test('the service knows a reset that ends while it is asked for', async () => {
  let end: {readonly status: string} | undefined;
  const service = await createService({
    client: createGraphClient({token: 'a-token'}),
    openResets: async () => ({
      add: async () => undefined,
      get: async () => {
        end = {status: 'succeeded'};
        return undefined;
      },
      wake: async () => false,
      on: () => ({unsubscribe: () => undefined}),
      close: async () => undefined,
    }),
    place: '',
    ends: {write: async () => undefined, read: async () => end},
    notify: async () => undefined,
    webhookSecret: secret,
    log: fastify({logger: {level: 'silent'}}).log,
  });
  endings.push(() => service.close());
  const root = await service.listen({host: '127.0.0.1', port: 0});
  const response = await fetch(`${root}/resets/3d87387f-bfe2-402b-84a8-3f2ff03c25fd`);
  expect(await response.json()).toEqual({status: 'succeeded'});
});

describe('a signature', () => {
  const body = Buffer.from('{"id":"1"}');

  test.each([
    ['of the body is right', 0, body, true],
    ['of another body is wrong', 0, Buffer.from('{"id":"2"}'), false],
    ['that is old is wrong', -301, body, false],
    ['from the future is wrong', 600, body, false],
  ])('%s', (_, ahead, signed, expected) => {
    const time = Math.floor(Date.now() / 1000) + ahead;
    const key = Buffer.from('a secret of the webhooks');
    const standard = createHmac('sha256', key).update(`msg_1.${time}.${signed}`).digest('base64');
    const headers = {'webhook-id': 'msg_1', 'webhook-timestamp': String(time)};
    const given = {...headers, 'webhook-signature': `v1a,x v1,${standard}`};
    expect(isStandardWebhook(secret, given, body)).toBe(expected);
    const stripe = createHmac('sha256', 'whsec_a').update(`${time}.${signed}`).digest('hex');
    expect(isStripeWebhook('whsec_a', {'stripe-signature': `t=${time},v1=00,v1=${stripe}`}, body)).toBe(expected);
  });

  test('that is missing is wrong', () => {
    expect(isStandardWebhook(secret, {}, body)).toBe(false);
    expect(isStripeWebhook('whsec_a', {}, body)).toBe(false);
  });
});

test('the watch takes at most 15 lines of the service, as the page says', () => {
  const codeOf = (name: string): string[] =>
    readFileSync(example(name), 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.trim().startsWith('//') && !line.startsWith('import'));
  const inResets = codeOf('resets').length;
  const inService = codeOf('service').filter((line) => /\bresets?\.(?!confirmed)|\bopenResets\(/.test(line)).length;
  expect(inResets + inService).toBeLessThanOrEqual(15);
  const page = readFileSync(new URL('../../docs/service.md', import.meta.url), 'utf8');
  expect(page).toContain(`${inResets + inService} lines`);
});

test('the page shows the difference between the tracker and the queue', () => {
  const linesOf = (name: string): string[] => readFileSync(example(name), 'utf8').trimEnd().split('\n');
  const page = readFileSync(new URL('../../docs/service.md', import.meta.url), 'utf8');
  const diff = /```diff\n([\s\S]*?)```/.exec(page)?.[1]?.trimEnd().split('\n') ?? [];
  const [removed, added] = ['-', '+'].map((sign) =>
    diff.filter((line) => line.startsWith(sign)).map((line) => line.slice(1)),
  );
  const [tracker, queue] = [linesOf('resets'), linesOf('queued-resets')];
  expect(tracker.filter((line) => !removed?.includes(line))).toEqual(queue.filter((line) => !added?.includes(line)));
  expect(removed?.length).toBeGreaterThan(0);
});
