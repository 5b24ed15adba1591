import {beforeEach, expect, test} from '@jest/globals';
import {Job, UnrecoverableError, Worker} from 'bullmq';
import type {Redis} from 'ioredis';
import {
  type ForbiddenError,
  OperationCanceledError,
  OperationFailedError,
  OperationNotFoundError,
  PollError,
  ProtocolError,
  protocols,
  UnauthorizedError,
  UnknownStatusError,
  UnreachableError,
  WatchAbortedError,
  WatchTimeoutError,
} from 'operation-poller';
import {createOperationEvents, createOperationQueue, createOperationWorker} from 'operation-poller/bullmq';
import type {OperationStep} from 'operation-poller/testing';
import {createId, type JobData, jobOf} from '../../src/bullmq/job.ts';
import {Bench, describeWithRedis, holdingService, jobIdOf, rejection, token, until} from './setup.ts';

describeWithRedis('a queue of operations', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  test('brings an operation to its end', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue<{user: string}>();
    const {location} = emulator.addOperation({script: ['notStarted', 'running', 'succeeded']});
    const queued = await queue.add(location, {data: {user: 'adele'}, initialDelay: 0});
    expect(queued.id).toMatch(/^op-[\w-]{22}\.[\w-]{8}$/);
    expect(await queued.status()).toBe('notStarted');
    expect(await queued.operation()).toBeUndefined();
    bench.worker();
    const operation = await queued.result();
    expect(operation.status).toBe('succeeded');
    expect(operation.createdDateTime).toBeInstanceOf(Date);
    expect(Object.isFrozen(operation)).toBe(true);
    expect(queued.result()).toBe(queued.result());
    expect(await queued.status()).toBe('succeeded');
    expect(queued.data).toEqual({user: 'adele'});
    expect(emulator.operations[0]?.requests).toHaveLength(3);
    expect(await queue.counts()).toEqual({waiting: 0, due: 0, active: 0, ended: 1, failed: 0});
    expect(bench.errors).toEqual([]);
  });

  test('is one job for one operation, however often it is added', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue<number>();
    const {location} = emulator.addOperation({script: ['succeeded']});
    const twice = Array.from({length: 500}, (_, data) => queue.add(location, {data}));
    const ids = new Set((await Promise.all(twice)).map(({id}) => id));
    expect(ids.size).toBe(1);
    expect((await queue.counts()).due).toBe(1);
    bench.worker();
    const [id = ''] = ids;
    const queued = await queue.get(id);
    expect(queued?.data).toBe(0);
    await queued?.result();
    // Also after the end, as long as the outcome is retained.
    const again = await queue.add(location);
    expect((await again.result()).status).toBe('succeeded');
    expect(emulator.received).toBe(1);
    const other = await queue.add(location, {key: 'another'});
    expect(other.id).not.toBe(id);
  });

  test('adds many at once, and one after another within', async () => {
    const emulator = await bench.emulator({record: false, script: ['running', 'succeeded']});
    const queue = bench.queue<number>();
    const locations = Array.from({length: 1500}, () => emulator.addOperation().location);
    const queued = await queue.addMany(locations.map((location, data) => ({location, data, initialDelay: 60_000})));
    expect(queued.map(({data}) => data)).toEqual(locations.map((_, index) => index));
    expect((await queue.counts()).waiting).toBe(1500);
  });

  test('makes each of many due at its own time, however long it takes to add them', async () => {
    const queue = bench.queue();
    const locations = Array.from({length: 5000}, (_, id) => ({location: `https://graph.example/${id}`}));
    const begun = Date.now();
    const queued = await queue.addMany(locations.map((each) => ({...each, initialDelay: 600_000})));
    const took = Date.now() - begun;
    const id = jobIdOf(queued.at(-1) ?? {id: ''});
    const score = await bench.redisClient().zscore(`bull:${bench.name}:delayed`, id);
    const job = await Job.fromId<JobData>(bench.raw(), id);
    // They are added in five bulks.
    expect(Math.floor(Number(score) / 4096) - (job?.data.token.dueAt ?? 0)).toBeLessThan(took / 2);
  });

  test('ends as a result, not as a failed job, with the errors of a poller', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    bench.worker({consecutiveFailures: 2, notFoundGrace: 0, unknownStatus: 'fail'});
    const ends = async (script: Parameters<typeof emulator.addOperation>[0] & object) =>
      rejection((await queue.add(emulator.addOperation(script).location)).result());

    const failed = (await ends({
      script: ['running', {fields: {status: 'failed', statusDetail: 'No'}}],
    })) as OperationFailedError;
    expect(failed).toBeInstanceOf(OperationFailedError);
    expect(failed.operation.statusDetail).toBe('No');
    expect(failed.attempts).toBe(2);
    expect(failed.observed).toEqual({running: 1, failed: 1});
    expect(failed.resumeToken?.operation?.status).toBe('failed');

    expect(await ends({script: [{fields: {status: 'skipped'}}]})).toBeInstanceOf(OperationCanceledError);
    expect(await ends({script: [{fields: {status: 'odd'}}]})).toMatchObject({
      constructor: UnknownStatusError,
      rawStatus: 'odd',
    });
    expect(await ends({script: [{http: 404}]})).toBeInstanceOf(OperationNotFoundError);
    expect(await ends({script: [{http: 401}]})).toBeInstanceOf(UnauthorizedError);
    expect(((await ends({script: [{http: 403}]})) as ForbiddenError).name).toBe('ForbiddenError');
    expect(await ends({script: [{body: '{}'}]})).toBeInstanceOf(ProtocolError);

    const unreachable = (await ends({script: ['running', {http: 503}]})) as UnreachableError;
    expect(unreachable).toBeInstanceOf(UnreachableError);
    expect(unreachable.cause).toBeInstanceOf(PollError);
    expect(unreachable.cause).toMatchObject({httpStatus: 503, transient: true, kind: 'http'});
    expect(unreachable.message).toContain('answered 503');
    expect(unreachable.operation?.status).toBe('running');
    expect(unreachable.resumeToken).toMatchObject({abandoned: 'unreachable', attempt: 3});

    expect((await queue.counts()).failed).toBe(0);
  });

  test('gives up when the time budget is spent', async () => {
    const emulator = await bench.emulator({script: ['running']});
    const queue = bench.queue();
    const queued = await queue.add(emulator.addOperation().location, {totalTimeout: 300});
    const tooLong: number[] = [];
    bench.worker({schedule: () => 100}).on('waiting', ({at, delay, startedAt}) => {
      if (at + delay > Math.max(at, startedAt + 300)) tooLong.push(at + delay - startedAt);
    });
    const error = (await rejection(queued.result())) as WatchTimeoutError;
    expect(error).toBeInstanceOf(WatchTimeoutError);
    expect(error.elapsed).toBeGreaterThanOrEqual(300);
    // No wait goes beyond the deadline, however late a worker takes the turn after it.
    expect(tooLong).toEqual([]);
  });

  test('leaves no secret in Redis', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    bench.worker();
    const inUrl = [...token].map((each) => `%${each.charCodeAt(0).toString(16)}`).join('');
    const inJson = [...token].map((each) => `\\u00${each.charCodeAt(0).toString(16)}`).join('');
    // Row 74: also in what the service quotes it.
    const quoting = (status: string) => ({
      body: `{"id":"${inJson}","status":"${status}","${inJson}":["${inJson}"],"error":{"code":"${inJson}","message":"${inUrl}"}}`,
      headers: {'request-id': inUrl, date: inUrl, 'operation-location': `/on/${inUrl}`},
    });
    const scripts: readonly (readonly OperationStep[])[] = [
      [quoting('running'), quoting('succeeded')],
      [quoting(inJson), quoting('failed')],
      [{http: 401, ...quoting('running')}],
      [quoting('running'), {http: 503, retryAfter: 60}],
    ];
    const queued = await queue.addMany(scripts.map((script) => ({location: emulator.addOperation({script}).location})));
    await Promise.allSettled(queued.slice(0, 3).map((operation) => operation.result()));
    await until(() => emulator.operations[3]?.requests.length === 2);
    await until(async () => (await queue.counts()).active === 0);
    const keys = await bench.redisClient().keys(`bull:${bench.name}:*`);
    const contents = await Promise.all(keys.map((key) => contentOf(bench.redisClient(), key)));
    expect(keys.length).toBeGreaterThan(5);
    expect(contents.join().includes('longRunning')).toBe(true);
    expect(
      contents.filter((content) => [token, inUrl, inJson, 'Bearer'].some((quoted) => content.includes(quoted))),
    ).toEqual([]);
  });

  test('stops watching one that waits', async () => {
    const emulator = await bench.emulator({script: ['running']});
    const queue = bench.queue();
    const events = await bench.events();
    const abandoned: unknown[] = [];
    events.on('abandoned', ({id, reason, error}) => abandoned.push([id, reason, error.name]));
    const queued = await queue.add(emulator.addOperation().location, {initialDelay: 60_000});
    const result = rejection(queued.result());
    // Its connection for queue events is new: an event that comes before it listens costs three seconds.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await queue.remove(queued.id)).toBe(true);
    const error = (await result) as WatchAbortedError;
    expect(error).toBeInstanceOf(WatchAbortedError);
    expect(error.resumeToken).toMatchObject({location: emulator.operations[0]?.location});
    expect(await queue.get(queued.id)).toBeUndefined();
    expect(await queue.remove(queued.id)).toBe(false);
    await until(() => abandoned.length > 0);
    expect(abandoned).toEqual([[queued.id, 'stopped', 'WatchAbortedError']]);
    expect(emulator.received).toBe(0);
  });

  test('stops watching one that is being polled, when that poll is over', async () => {
    const {http, location, requests, release} = holdingService('running');
    const queue = bench.queue();
    const queued = await queue.add(location);
    // No lock runs out that long.
    bench.worker({schedule: () => 60_000, http, recoverAfter: 60_000});
    await until(() => requests() === 1);
    let isRemoved = false;
    const removing = queue.remove(queued.id).finally(() => {
      isRemoved = true;
    });
    // Long after Redis has answered to it.
    for (let count = 0; count < 20; count += 1) await queue.counts();
    expect(isRemoved).toBe(false);
    release();
    expect(await removing).toBe(true);
    expect(requests()).toBe(1);
    expect(await queue.get(queued.id)).toBeUndefined();
    expect(bench.errors).toEqual([]);
  });

  test('leaves the outcome of one that has ended', async () => {
    const emulator = await bench.emulator({script: ['succeeded']});
    const queue = bench.queue();
    bench.worker();
    const queued = await queue.add(emulator.addOperation().location);
    await queued.result();
    expect(await queue.remove(queued.id)).toBe(false);
    expect(await (await queue.get(queued.id))?.status()).toBe('succeeded');
  });

  test('retains as many outcomes as its options say', async () => {
    const emulator = await bench.emulator({script: ['succeeded']});
    const queue = bench.queue({retention: {count: 2}});
    bench.worker({concurrency: 1});
    const queued = await queue.addMany([1, 2, 3, 4].map(() => ({location: emulator.addOperation().location})));
    await until(() => emulator.received === 4);
    await until(async () => (await queue.counts()).active === 0);
    expect((await queue.counts()).ended).toBe(2);
    const [first] = queued;
    expect(await rejection(first?.result() ?? Promise.resolve())).toBeInstanceOf(WatchAbortedError);
    expect(await first?.status()).toBe('notStarted');
  });

  test('retains as many events as its options say, whatever a worker does to the queue', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue({retention: {events: 200}});
    const refused = emulator.addOperation({script: [{http: 429, retryAfter: 1}, 'succeeded']});
    const queued = await queue.add(refused.location);
    bench.worker();
    await queued.result();
    const many = await queue.addMany(
      Array.from({length: 300}, () => ({location: emulator.addOperation({script: ['succeeded']}).location})),
    );
    await Promise.all(many.map((operation) => operation.result()));
    // More than 900 were published. Redis trims by whole nodes of a hundred.
    expect(await bench.redisClient().xlen(`bull:${bench.name}:events`)).toBeLessThanOrEqual(400);
  });

  test('waits for all its results on one connection', async () => {
    const redis = bench.redisClient();
    // Their numbers grow. Those of earlier tests disappear at a time of their own, so only new ones count.
    const connections = async (after = 0): Promise<number[]> =>
      Array.from(String(await redis.client('LIST')).matchAll(/^id=(\d+)/gm), ([, id]) => Number(id)).filter(
        (id) => id > after,
      );
    const begun = Math.max(...(await connections()));
    const queue = bench.queue();
    const locations = Array.from({length: 20}, (_, id) => ({location: `https://graph.example/${id}`}));
    const [first, ...others] = await queue.addMany(locations);
    const before = Math.max(...(await connections()));
    const results = [rejection(first?.result() ?? Promise.resolve())];
    await until(async () => (await connections(before)).length > 0);
    results.push(...others.map((queued) => rejection(queued.result())));
    // More connections would take a few milliseconds to appear.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await connections(before)).toHaveLength(1);
    await queue.close();
    expect(await Promise.all(results)).toHaveLength(20);
    await until(async () => (await connections(begun)).length === 0);
  });

  test('settles pending results when it is closed', async () => {
    const emulator = await bench.emulator({script: ['running']});
    const queue = bench.queue();
    const queued = await queue.add(emulator.addOperation().location, {initialDelay: 60_000});
    const result = rejection(queued.result());
    await queue.close();
    expect(await result).toMatchObject({name: 'WatchAbortedError', cause: {message: 'the queue was closed'}});
  });

  test('reports that BullMQ gave up on a job', async () => {
    const queue = bench.queue();
    const queued = await queue.add('https://graph.example/operations/1');
    const raw = bench.raw();
    const fail = (): Promise<never> => Promise.reject(new UnrecoverableError('broken'));
    const saboteur = new Worker(bench.name, fail, {connection: bench.connection});
    bench.opened(saboteur, () => saboteur.close());
    await until(async () => (await raw.getFailedCount()) === 1);
    expect(await rejection(queued.result())).toMatchObject({
      name: 'OperationError',
      message: 'BullMQ gave up on the job of https://graph.example/operations/1: broken',
      resumeToken: {location: 'https://graph.example/operations/1'},
    });
  });

  test.each([
    ['name', {name: 'a:b'}],
    ['name', {name: ''}],
    ['connection', {connection: 'redis://:password@host'}],
    ['prefix', {prefix: 7}],
    ['onError', {onError: 'print'}],
    ['retention.age', {retention: {age: 'long'}}],
    ['retention.count', {retention: {count: 0}}],
    ['retention.count', {retention: {count: 1.5}}],
    ['retention.events', {retention: {events: 0}}],
    ['retention.events', {retention: {events: 1.5}}],
    ['retention.cuont', {retention: {cuont: 5}}],
    ['retention', {retention: 5}],
    ['nme', {nme: 'x'}],
  ])('checks its options: %s', (option, wrong) => {
    const options = {name: 'a', connection: bench.connection, ...wrong} as never;
    expect(() => createOperationQueue(options)).toThrow(new RegExp(`^${option}: `));
    expect(() => createOperationQueue(options)).not.toThrow(/password/);
    if (!option.startsWith('retention'))
      expect(() => createOperationEvents(options)).toThrow(new RegExp(`^${option}: `));
  });

  test.each([
    ['concurrency', {concurrency: 0}],
    ['concurrency', {concurrency: 1.5}],
    ['recoverAfter', {recoverAfter: 10}],
    ['limiter.max', {limiter: {max: 0, duration: 1}}],
    ['limiter.max', {limiter: {max: 1.5, duration: 1}}],
    ['limiter.duration', {limiter: {max: 1}}],
    ['limiter.per', {limiter: {max: 1, duration: 1, per: 1}}],
    ['protocols', {protocols: protocols.longRunning}],
    ['protocols', {protocols: [{name: 'own'}]}],
    ['client', {client: {}}],
    ['schedule', {schedule: 5}],
    ['maxRetryAfter', {maxRetryAfter: 0}],
    ['token', {token: 'with spaces in it'}],
    ['http', {http: {}}],
    ['totalTimeout', {totalTimeout: 5}],
  ])('checks the options of a worker: %s', (option, wrong) => {
    const options = {name: 'a', connection: bench.connection, ...wrong} as never;
    expect(() => createOperationWorker(options)).toThrow(new RegExp(option));
  });

  test('checks what is added', async () => {
    const queue = bench.queue();
    await expect(queue.add('ftp://x')).rejects.toThrow(/^location: /);
    await expect(queue.add('https://x/', {key: ''})).rejects.toThrow(/^key: /);
    // They would share a job with other keys.
    await expect(queue.add('https://x/', {key: 'a\ud800'})).rejects.toThrow(
      /^key: expected a string that is not empty/,
    );
    await expect(queue.add('https://x/', {key: createId(jobOf('a').jobId)})).rejects.toThrow(/^key: expected a key/);
    await expect(queue.add('https://x/', {totalTimeout: -1})).rejects.toThrow(/^totalTimeout: /);
    await expect(queue.add('https://x/', {retries: 5} as never)).rejects.toThrow(/^retries: /);
    await expect(queue.add('https://x/', 5 as never)).rejects.toThrow(/^options: /);
  });
});

/** All that a key holds, as text. */
async function contentOf(redis: Redis, key: string): Promise<string> {
  switch (await redis.type(key)) {
    case 'hash':
      return JSON.stringify(await redis.hgetall(key));
    case 'stream':
      return JSON.stringify(await redis.xrange(key, '-', '+'));
    case 'zset':
      return JSON.stringify(await redis.zrange(key, '0', '-1'));
    case 'list':
      return JSON.stringify(await redis.lrange(key, 0, -1));
    default:
      return (await redis.get(key)) ?? '';
  }
}
