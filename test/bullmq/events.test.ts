import {beforeEach, expect, test} from '@jest/globals';
import {QueueEventsProducer} from 'bullmq';
import {
  type OperationEvent,
  OperationNotFoundError,
  PollError,
  pollOperation,
  UnknownStatusError,
  UnreachableError,
} from 'operation-poller';
import {createOperationQueue, type QueuedEventOf} from 'operation-poller/bullmq';
import {now} from '../../src/shared/clock.ts';
import {Bench, describeWithRedis, rejection, token, until} from './setup.ts';

describeWithRedis('events of a queue', () => {
  const bench = new Bench();
  beforeEach(() => void bench.fresh());

  test('have the names and payloads of a poller', async () => {
    const emulator = await bench.emulator();
    const script = [
      'notStarted',
      {status: 'running', percentageComplete: 10, fields: {percentComplete: 10}},
      {http: 503},
      {fields: {status: 'odd'}},
      {fields: {status: 'failed', statusDetail: 'No'}},
    ] as const;
    const options = {schedule: () => 1, retry: {retries: 0}};
    const polled: OperationEvent[] = [];
    const poller = pollOperation(emulator.addOperation({script}).location, {token, ...options});
    poller.on('*', (event) => polled.push(event));
    await rejection(poller.result());

    const events = await bench.events();
    const received: QueuedEventOf<'*'>[] = [];
    events.on('*', (event) => received.push(event));
    const queue = bench.queue();
    const begun = now();
    const queued = await queue.add(emulator.addOperation({script}).location);
    bench.worker({schedule: () => 1});
    await rejection(queued.result());
    await until(() => received.some(({type}) => type === 'failed'));
    const ended = now();

    const shape = ({type, attempt, operation}: OperationEvent) => [type, attempt, operation?.status];
    expect(received.map(shape)).toEqual(polled.map(shape));
    for (const event of received) {
      expect(event.id).toBe(queued.id);
      expect(event.location).toBe(emulator.operations[1]?.location);
      // Two clocks that were compared may be a millisecond or two apart.
      expect(event.at).toBeGreaterThanOrEqual(begun - 2);
      expect(event.at).toBeLessThanOrEqual(ended + 2);
      expect(Object.isFrozen(event)).toBe(true);
      expect(
        Object.keys(event)
          .filter((key) => key !== 'id')
          .sort(),
      ).toEqual(
        Object.keys(polled.find(({type, attempt}) => type === event.type && attempt === event.attempt) ?? {}).sort(),
      );
    }
    const retrying = received.find((event) => event.type === 'retrying');
    expect(retrying?.error).toBeInstanceOf(PollError);
    expect(retrying?.error).toMatchObject({httpStatus: 503, transient: true});
    const last = received.at(-1);
    expect(last?.operation?.createdDateTime).toBeInstanceOf(Date);
    expect(last?.answer?.httpStatus).toBe(200);
  });

  test('say why watching was given up', async () => {
    const emulator = await bench.emulator();
    const events = await bench.events();
    const received: QueuedEventOf<'abandoned'>[] = [];
    events.on('abandoned', (event) => received.push(event));
    const queue = bench.queue();
    bench.worker({consecutiveFailures: 1, notFoundGrace: 0, unknownStatus: 'fail'});
    const scripts = [[{http: 404}], [{http: 503}], [{fields: {status: 'odd'}}]] as const;
    for (const [index, script] of scripts.entries()) {
      await queue.add(emulator.addOperation({script}).location);
      await until(() => received.length === index + 1);
    }
    const [missing, unreachable, unknown] = received;
    expect(missing).toMatchObject({reason: 'notFound', attempt: 1});
    expect(missing?.error).toBeInstanceOf(OperationNotFoundError);
    expect(unreachable?.error).toBeInstanceOf(UnreachableError);
    expect(unreachable?.error.cause).toMatchObject({httpStatus: 503});
    expect(unknown?.error).toMatchObject({constructor: UnknownStatusError, rawStatus: 'odd'});
    expect(unknown?.error.resumeToken).toMatchObject({abandoned: 'unknownStatus'});
  });

  test('leave out polls that bring nothing new', async () => {
    const emulator = await bench.emulator();
    const events = await bench.events();
    const received: string[] = [];
    events.on('*', ({type, attempt}) => received.push(`${attempt} ${type}`));
    const queue = bench.queue();
    bench.worker({schedule: () => 1});
    await queue.add(emulator.addOperation({script: [{status: 'running', times: 9}, 'succeeded']}).location);
    await until(() => received.at(-1) === '10 succeeded');
    expect(received).toEqual(['1 polled', '1 running', '1 waiting', '10 polled', '10 succeeded']);
  });

  test('follow a move, without what is secret in a location', async () => {
    const emulator = await bench.emulator();
    const events = await bench.events();
    const received: QueuedEventOf<'*'>[] = [];
    events.on('*', (event) => received.push(event));
    const target = emulator.addOperation({script: ['succeeded']});
    const moved = emulator.addOperation({script: [{status: 'running', location: target.location}]});
    const queue = bench.queue();
    bench.worker();
    const queued = await queue.add(moved.location);
    await queued.result();
    await until(() => received.some(({type}) => type === 'succeeded'));
    expect(received.find((event) => event.type === 'relocated')).toMatchObject({
      from: moved.location,
      to: target.location,
    });
    expect(received.find((event) => event.type === 'running')?.location).toBe(moved.location);
    expect(received.find((event) => event.type === 'succeeded')?.location).toBe(target.location);
  });

  test('are hints: the result does not need them', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    const queued = await queue.add(emulator.addOperation({script: ['running', 'succeeded']}).location);
    // All of BullMQ's events are lost to this queue.
    const other = createOperationQueue({name: bench.name, connection: bench.connection});
    bench.opened(other, () => other.close());
    const waiting = await other.get(queued.id);
    const result = waiting?.result();
    await bench.redisClient().del(`bull:${bench.name}:events`);
    const trimming = setInterval(() => void bench.redisClient().del(`bull:${bench.name}:events`), 1);
    try {
      const ended = new Promise((resolve) => bench.worker({schedule: () => 100}).on('succeeded', resolve));
      let checks = 0;
      const counting = ended.then(() => setInterval(() => ++checks, 3000));
      expect((await result)?.status).toBe('succeeded');
      clearInterval(await counting);
      // Every 3 s Redis is asked: the first time after the end, that is noticed. A busy machine delays the checks and the counting alike.
      expect(checks).toBeLessThanOrEqual(1);
    } finally {
      clearInterval(trimming);
    }
  });

  test('that cannot be read are reported, and reach no listener', async () => {
    const events = await bench.events();
    const received: unknown[] = [];
    const {unsubscribe} = events.on('*', (event) => received.push(event));
    const producer = new QueueEventsProducer(bench.name, {connection: bench.connection});
    bench.opened(producer, () => producer.close());
    await producer.publishEvent({eventName: 'operation', jobId: 'a', turn: '{"token":{}}'});
    await producer.publishEvent({eventName: 'operation', jobId: 'a', turn: 'no JSON'});
    // What listeners rely on is missing.
    await producer.publishEvent({eventName: 'operation', jobId: 'a', turn: '{"events":[{"type":"abandoned"}]}'});
    await producer.publishEvent({eventName: 'operation', jobId: 'a', turn: '{"events":[{"type":"failed"}]}'});
    await until(() => bench.errors.length === 4);
    expect(received).toEqual([]);
    unsubscribe();
    expect(() => events.on('running', 'print' as never)).toThrow(/^listener: /);
  });
});
