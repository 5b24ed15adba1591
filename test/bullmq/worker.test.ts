import {EventEmitter} from 'node:events';
import {beforeEach, expect, test} from '@jest/globals';
import {Job} from 'bullmq';
import {Cluster, Redis} from 'ioredis';
import ky from 'ky';
import {protocols} from 'operation-poller';
import {
  createOperationEvents,
  createOperationQueue,
  createOperationWorker,
  type JobSkippedError,
} from 'operation-poller/bullmq';
import type {JobData} from '../../src/bullmq/job.ts';
import {createGraphClient} from '../../src/graph/index.ts';
import {now} from '../../src/shared/clock.ts';
import {Bench, describeWithRedis, dueOf, holdingService, jobIdOf, token, until} from './setup.ts';

const renders = protocols.define({
  name: 'renders',
  status: '/status',
  words: {running: 'running', succeeded: 'succeeded'},
});

describeWithRedis('a worker', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  const timesOf = (requests: ReadonlyArray<{readonly at: number}> = []): number[] => requests.map(({at}) => at);
  const gaps = (times: readonly number[]): number[] => times.slice(1).map((at, index) => at - (times[index] ?? 0));

  test('waits exactly as long as the service or the schedule says', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    const script = [
      {status: 'running', retryAfter: 1},
      'running',
      {http: 503, retryAfter: 1},
      'running',
      {http: 503},
      'succeeded',
    ] as const;
    bench.worker({schedule: () => 300});
    const initialDelay = 200;
    const before = now();
    const queued = await Promise.all(
      Array.from({length: 20}, () => queue.add(emulator.addOperation({script}).location, {initialDelay})),
    );
    await Promise.all(queued.map((operation) => operation.result()));
    const lateness: number[] = [];
    for (const {requests} of emulator.operations) {
      const [first = 0] = timesOf(requests);
      expect(first).toBeGreaterThanOrEqual(before + initialDelay);
      const waits = gaps(timesOf(requests));
      expect(waits).toHaveLength(5);
      for (const [index, due] of [1000, 300, 1000, 300, 300].entries()) lateness.push((waits[index] ?? 0) - due);
    }
    expect(Math.min(...lateness)).toBeGreaterThanOrEqual(0);
    expect(bench.errors).toEqual([]);
  });

  test.each([
    [1000, {status: 'abandoned', error: {message: expect.stringContaining('a body of more than 1000 bytes')}}],
    [4000, {status: 'succeeded'}],
  ])('70: reads a body up to its own maxResponseSize, %i bytes', async (maxResponseSize, outcome) => {
    const emulator = await bench.emulator();
    const script = [{body: {id: 'a', status: 'succeeded', note: 'x'.repeat(2000)}}];
    bench.worker({maxResponseSize});
    const queued = await bench.queue().add(emulator.addOperation({script}).location);
    expect(await queued.outcome()).toMatchObject(outcome);
  });

  test('waits for maxRetryAfter at most, whatever the service asks for', async () => {
    const hour = 3600;
    const script = [
      {status: 'running', retryAfter: hour},
      {http: 503, retryAfter: hour},
      {http: 429, retryAfter: hour},
      'succeeded',
    ] as const;
    const emulator = await bench.emulator({script});
    bench.worker({maxRetryAfter: 300});
    const queued = await bench.queue().add(emulator.addOperation().location);
    await queued.result();
    const waits = gaps(timesOf(emulator.requests));
    expect(waits).toHaveLength(3);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(300);
    expect(bench.errors).toEqual([expect.objectContaining({name: 'OriginHeldError', retryAfter: 300})]);
  });

  test('polls one operation a thousand times without wearing out its attempts', async () => {
    let polls = 0;
    const answer = (): Promise<Response> => {
      polls += 1;
      return Promise.resolve(Response.json({id: 'a', status: polls <= 1000 ? 'running' : 'succeeded'}));
    };
    const queue = bench.queue();
    const queued = await queue.add('https://graph.example/operations/a');
    bench.worker({http: ky.create({fetch: answer}), schedule: () => 0});
    await queued.result();
    expect(polls).toBe(1001);
    const job = await Job.fromId<JobData>(bench.raw(), jobIdOf(queued));
    // The one attempt is the completion.
    expect(job).toMatchObject({attemptsMade: 1, attemptsStarted: 1001, stalledCounter: 0});
    // A thousand round trips to Redis, one after another: three seconds, more on a busy machine.
  }, 240_000);

  test('does not poll a job that wakes before its time', async () => {
    const emulator = await bench.emulator({script: ['running']});
    const queue = bench.queue();
    bench.worker();
    const queued = await queue.add(emulator.addOperation().location, {initialDelay: 60_000});
    const job = await Job.fromId(bench.raw(), jobIdOf(queued));
    await job?.promote();
    await until(async () => (await Job.fromId(bench.raw(), jobIdOf(queued)))?.attemptsStarted === 1);
    await until(async () => (await queue.counts()).waiting === 1);
    expect(emulator.received).toBe(0);
    const put = await Job.fromId<JobData>(bench.raw(), jobIdOf(queued));
    expect(await dueOf(bench, queued)).toBe(put?.data.token.dueAt);
  });

  test('skips a job whose protocol it does not have, and reports it', async () => {
    const emulator = await bench.emulator({script: ['running', 'succeeded']});
    const queue = bench.queue();
    const without = bench.worker();
    const queued = await queue.add(emulator.addOperation().location, {protocol: renders});
    await until(() => bench.errors.length > 0);
    expect(bench.errors[0]).toMatchObject({
      name: 'JobSkippedError',
      id: queued.id,
      reason: 'unknownProtocol',
      protocol: 'renders',
    } satisfies Partial<JobSkippedError>);
    await until(async () => (await queue.counts()).waiting === 1);
    expect(emulator.received).toBe(0);
    // Otherwise it is chance which of the two takes the job.
    await without.close();
    bench.worker({protocols: [renders]});
    // Ends its delay; it may have ended already.
    await queue.wake(queued.key);
    await until(() => emulator.received > 0);
  });

  test('skips a job that it cannot read', async () => {
    const queue = bench.queue();
    const queued = await queue.add('https://graph.example/operations/1', {initialDelay: 60_000});
    const job = await Job.fromId<JobData>(bench.raw(), jobIdOf(queued));
    await job?.updateData({...job.data, token: {...job.data.token, version: 99 as 1}});
    await job?.promote();
    bench.worker();
    await until(() => bench.errors.length > 0);
    expect(bench.errors[0]).toMatchObject({reason: 'invalidToken', message: expect.stringContaining('version 99')});
    await until(async () => (await queue.counts()).waiting === 1);
    await expect(queue.get(queued.id)).rejects.toThrow('version 99');
  });

  test('respects the limit of all workers', async () => {
    const emulator = await bench.emulator({script: ['succeeded']});
    const queue = bench.queue();
    const limiter = {max: 5, duration: 400};
    const locations = Array.from({length: 15}, () => ({location: emulator.addOperation().location}));
    await Promise.all([bench.worker({limiter}).ready(), bench.worker({limiter}).ready()]);
    const begun = Date.now();
    const queued = await queue.addMany(locations);
    await Promise.all(queued.map((operation) => operation.result()));
    // The last are taken after two durations, which begin after this. (The first request may arrive late.) Each clock cuts off a millisecond.
    expect(Math.max(...timesOf(emulator.requests)) - begun).toBeGreaterThanOrEqual(798);
  });

  test('finishes the polls under way when it is closed, and hands the rest back', async () => {
    const {fetch, location, requests, release} = holdingService('running');
    const signals: (AbortSignal | null | undefined)[] = [];
    const http = ky.create({
      fetch: (input, init) => {
        signals.push((input instanceof Request ? input : init)?.signal);
        return fetch();
      },
    });
    const queue = bench.queue();
    await queue.addMany([1, 2, 3, 4].map((key) => ({location, key: String(key)})));
    const worker = bench.worker({concurrency: 2, schedule: () => 60_000, http});
    await until(() => requests() === 2);
    const closing = worker.close();
    // Long after it has begun to close.
    for (let count = 0; count < 20; count += 1) await queue.counts();
    release();
    await closing;
    expect(signals.map((signal) => signal?.aborted)).toEqual([false, false]);
    // Those that it finished wait for a minute.
    expect(await queue.counts()).toMatchObject({waiting: 2, due: 2, active: 0});
    await worker.close();
    expect(bench.errors).toEqual([]);
  });

  test('does not wait for ever for a poll when it is closed', async () => {
    const emulator = await bench.emulator({script: [{fault: 'hang'}]});
    const queue = bench.queue();
    await queue.add(emulator.addOperation().location);
    let asked = 0;
    const ask = (): Promise<string> => {
      asked += 1;
      return new Promise(() => undefined);
    };
    const worker = bench.worker({token: ask, requestTimeout: 300});
    await until(() => asked === 1);
    let isClosed = false;
    void worker.close().then(() => {
      isClosed = true;
    });
    // A worker that waited for the poll would wait until the connections are cut, 5 s after the 300 ms.
    expect(await until(() => isClosed)).toBeLessThan(4000);
    expect(await queue.counts()).toMatchObject({active: 0, ended: 0});
  });

  test('polls by the batches of a Graph client, and shares its tokens', async () => {
    const emulator = await bench.emulator();
    let asked = 0;
    let give = (): void => undefined;
    const given = new Promise<void>((resolve) => {
      give = resolve;
    });
    const client = createGraphClient({
      root: emulator.root,
      token: async () => {
        asked += 1;
        await given;
        return {token, expiresOnTimestamp: Date.now() + 3_600_000};
      },
    });
    const queue = bench.queue();
    const script = ['running', 'running', 'succeeded'] as const;
    const queued = await queue.addMany(
      Array.from({length: 40}, () => ({location: emulator.addOperation({script}).location})),
    );
    bench.worker({client, schedule: () => 200});
    // How many of the later polls come at once depends on how fast Redis gives the jobs.
    await until(async () => (await queue.counts()).active === 40);
    // By then it has read that answer of Redis, and the one that follows it.
    for (let count = 0; count < 20; count += 1) await queue.counts();
    give();
    await Promise.all(queued.map((operation) => operation.result()));
    expect(emulator.served).toBe(120);
    const sizes = emulator.requests.slice(0, 2).map(({body = ''}) => JSON.parse(body).requests.length);
    expect(sizes).toEqual([20, 20]);
    expect(asked).toBe(1);
    expect(bench.errors).toEqual([]);
  });

  test('sends no token of a Graph client elsewhere', async () => {
    const emulator = await bench.emulator({script: ['succeeded']});
    const client = createGraphClient({root: 'https://graph.example', token});
    const queue = bench.queue();
    const queued = await queue.add(emulator.addOperation().location);
    bench.worker({client});
    await until(() => bench.errors.length > 0);
    expect(bench.errors[0]).toMatchObject({reason: 'foreignOrigin', id: queued.id});
    expect(emulator.received).toBe(0);
  });

  test('a queue may add by a client of ioredis as it is by default, and says what is wrong where an outcome is waited for', async () => {
    const connection = bench.redisClient();
    const queue = bench.queue({connection});
    const queued = await queue.add('https://graph.example/a');
    expect(await queued.status()).toBe('notStarted');
    const error = new TypeError('connection: expected a client with maxRetriesPerRequest: null, got one with 20');
    await expect(queued.outcome()).rejects.toThrow(error);
  });
});

describeWithRedis('40: a location on a public host over http', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  test('is not polled by a worker with a token', async () => {
    const queue = bench.queue();
    const queued = await queue.add('http://graph.example/b');
    bench.worker({token});
    await until(() => bench.errors.length > 0);
    expect(bench.errors[0]).toMatchObject({reason: 'foreignOrigin', id: queued.id});
    expect(bench.errors[0]?.message).toContain('expected https, or http on this machine, because a token goes there');
  });
});

test.each([
  ['redis://:secret@redis:6379', 'a string'],
  [undefined, 'undefined'],
  [6379, '6379'],
])('a connection %p is refused, and a URL is not shown', (connection, got) => {
  const error = new TypeError(
    `connection: expected options such as {host, port} or {url}, or a Redis client, got ${got}`,
  );
  const options = {name: 'a', connection: connection as never};
  expect(() => createOperationQueue(options)).toThrow(error);
  expect(() => createOperationWorker(options)).toThrow(error);
});

const lazy = {lazyConnect: true} as const;
test.each([
  ['a client of ioredis as it is by default', () => new Redis(lazy)],
  [
    'a cluster of such clients',
    () => new Cluster([{host: 'redis'}], {...lazy, redisOptions: {maxRetriesPerRequest: 20}}),
  ],
])('%s is refused where it waits in Redis, and nothing listens to it', (_, connect) => {
  const connection = connect();
  const options = {name: 'a', prefix: '{a}', connection};
  const error = new TypeError('connection: expected a client with maxRetriesPerRequest: null, got one with 20');
  for (const create of [createOperationWorker, createOperationEvents]) expect(() => create(options)).toThrow(error);
  expect(connection.eventNames()).toEqual([]);
});

const prefixed = {...lazy, maxRetriesPerRequest: null, keyPrefix: 'mine:'} as const;
test.each([
  ['a client', () => new Redis(prefixed)],
  ['options', () => ({host: 'redis', keyPrefix: 'mine:'})],
  ['a URL', () => ({url: 'redis://:secret@redis:6379/0?keyPrefix=mine:'})],
])('%s with a prefix of its own is refused at the call', (_, connect) => {
  const connection = connect();
  const error = new TypeError('connection: expected no keyPrefix, in place of which there is prefix, got "mine:"');
  for (const create of [createOperationQueue, createOperationWorker, createOperationEvents]) {
    expect(() => create({name: 'a', connection})).toThrow(error);
  }
  if (connection instanceof EventEmitter) expect(connection.eventNames()).toEqual([]);
});

test.each([
  ['token', {token: 'mine'}],
  ['http', {http: ky}],
])('%s is refused beside a Graph client, which has its own', (name, option) => {
  const client = createGraphClient({token: 'a-token'});
  const options = {name: 'a', connection: {host: 'redis'}, client, ...option};
  expect(() => createOperationWorker(options)).toThrow(
    new TypeError(`${name}: the client has its own; give one of the two`),
  );
});
