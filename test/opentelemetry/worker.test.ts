import {afterEach, beforeEach, expect, test} from '@jest/globals';
import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api';
import {instrument} from 'operation-poller/opentelemetry';
import {now} from '../../src/shared/clock.ts';
import {Bench, describeWithRedis, rejection, token, until} from '../bullmq/setup.ts';
import {endedBefore, milliseconds, startTelemetry} from './telemetry.ts';

/** Like the SDK's propagator, except that it trusts the value it extracts to be a string. */
const w3c: TextMapPropagator<unknown> = {
  fields: () => ['traceparent'],
  inject: (from, carrier, setter) => {
    const span = trace.getSpanContext(from);
    if (span !== undefined) setter.set(carrier, 'traceparent', `00-${span.traceId}-${span.spanId}-01`);
  },
  extract: (into, carrier, getter) => {
    const text = getter.get(carrier, 'traceparent') as string | undefined;
    const [, traceId = '', spanId = ''] = text?.split('-') ?? [];
    return traceId === '' ? into : trace.setSpanContext(into, {traceId, spanId, traceFlags: 1, isRemote: true});
  },
};

describeWithRedis('a worker', () => {
  const bench = new Bench();
  let telemetry: ReturnType<typeof startTelemetry>;
  beforeEach(() => {
    bench.fresh();
    telemetry = startTelemetry();
    propagation.setGlobalPropagator(w3c);
  });
  afterEach(async () => {
    propagation.disable();
    await telemetry.stop();
  });

  test('has a span for each poll, and one for the watch at its end', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    const {unsubscribe} = instrument(bench.worker({schedule: () => 5}), telemetry.options);
    const before = now();
    const {location} = emulator.addOperation({script: ['running', {http: 503}, 'succeeded']});
    const queued = await queue.add(location, {initialDelay: 30});
    await queued.result();
    const known = {'operation.id': queued.id, 'operation.protocol': 'longRunning'};
    const url = new URL(location);
    const request = {
      ...known,
      'http.request.method': 'GET',
      'url.full': url.origin + url.pathname,
      'server.address': '127.0.0.1',
      'server.port': Number(url.port),
    };
    const polls = telemetry.spans('operation.poll');
    expect(polls.map(({attributes}) => attributes)).toEqual([
      {...request, 'operation.attempt': 1, 'http.response.status_code': 200},
      {...request, 'operation.attempt': 2, 'http.response.status_code': 503, 'error.type': '503'},
      {...request, 'operation.attempt': 3, 'http.response.status_code': 200},
    ]);
    expect(polls.map(({kind, status, parentSpanContext}) => [kind, status.code, parentSpanContext])).toEqual([
      [SpanKind.CLIENT, SpanStatusCode.UNSET, undefined],
      [SpanKind.CLIENT, SpanStatusCode.ERROR, undefined],
      [SpanKind.CLIENT, SpanStatusCode.UNSET, undefined],
    ]);
    const [watch, ...more] = telemetry.spans('operation.watch');
    expect(more).toEqual([]);
    expect(watch?.attributes).toEqual({...known, 'operation.outcome': 'succeeded', 'operation.attempt': 3});
    const [begun, ended] = [watch?.startTime ?? [0, 0], watch?.endTime ?? [0, 0]].map((time) => milliseconds(time));
    expect(begun).toBeGreaterThanOrEqual(before);
    expect(ended).toBe(milliseconds(polls[2]?.endTime ?? [0, 0]));
    // A poll's span begins when the worker makes the request, never before it is due.
    const starts = polls.map(({startTime}) => milliseconds(startTime));
    const ends = polls.map(({endTime}) => milliseconds(endTime));
    expect(starts[0]).toBeGreaterThanOrEqual((begun ?? 0) + 30);
    expect(starts[1]).toBeGreaterThanOrEqual((ends[0] ?? 0) + 5);
    expect(telemetry.spans('operation.wait')).toEqual([]);
    expect(telemetry.open()).toBe(0);
    expect(await telemetry.exported()).not.toContain(token);

    unsubscribe();
    const again = await queue.add(emulator.addOperation({script: ['succeeded']}).location);
    await again.result();
    expect(telemetry.spans('operation.watch')).toHaveLength(1);
  });

  test('measures everything but the operations in progress', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    instrument(bench.worker({schedule: () => 7}), telemetry.options);
    const end = {status: 'succeeded', ...endedBefore};
    const script = ['running', {http: 429, retryAfter: 1}, {http: 503}, end] as const;
    const queued = await queue.add(emulator.addOperation({script}).location);
    await queued.result();
    const by = {'operation.protocol': 'longRunning'};
    const ended = {...by, 'operation.outcome': 'succeeded'};
    const counts = async (name: string) => (await telemetry.measured(name)).map((each) => [each.by, each.value]);
    expect(await counts('operation.polls')).toEqual([
      [{...by, 'http.response.status_code': 200}, 2],
      [{...by, 'http.response.status_code': 429, 'error.type': '429'}, 1],
      [{...by, 'http.response.status_code': 503, 'error.type': '503'}, 1],
    ]);
    expect(await counts('operation.retries')).toEqual([
      [{...by, 'error.type': '429'}, 1],
      [{...by, 'error.type': '503'}, 1],
    ]);
    // The hold in Redis begins a round trip after the wait: whether it is over when the wait is, is chance.
    const waits = (await telemetry.measured('operation.wait.duration')).filter(
      (each) => each.by['operation.wait.cause'] !== 'heldBack',
    );
    expect(waits).toEqual([
      {by: {...by, 'operation.wait.cause': 'schedule'}, value: 2, sum: expect.closeTo(0.014, 6)},
      {by: {...by, 'operation.wait.cause': 'retryAfter'}, value: 1, sum: 1},
    ]);
    expect(await counts('operation.throttled.time')).toEqual([[by, 1]]);
    expect(await counts('operation.outcomes')).toEqual([[ended, 1]]);
    const [duration] = await telemetry.measured('operation.duration');
    expect(duration).toMatchObject({by: ended, value: 1});
    expect(duration?.sum).toBeGreaterThanOrEqual(1);
    expect(await counts('operation.detection.delay')).toEqual([[ended, 1]]);
    expect(await counts('operation.in_progress')).toEqual([]);
  });

  test.each([
    ['a failure', {script: [{status: 'failed', detail: 'marker-detail'}]}, {}, 'OperationFailedError', [undefined]],
    ['an unknown word', {script: ['marker-word']}, {unknownStatus: 'fail'}, 'UnknownStatusError', [undefined]],
    ['a missing operation', {script: [{http: 404}]}, {notFoundGrace: 0}, 'OperationNotFoundError', ['404']],
  ] as const)('that meets %s reports one poll and the end', async (_, added, options, error, polls) => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    instrument(bench.worker(options), telemetry.options);
    await rejection((await queue.add(emulator.addOperation({script: [...added.script]}).location)).result());
    expect(telemetry.spans('operation.poll').map(({attributes}) => attributes['error.type'])).toEqual(polls);
    const [watch] = telemetry.spans('operation.watch');
    expect(watch?.attributes['error.type']).toBe(error);
    expect(watch?.status).toEqual({code: SpanStatusCode.ERROR});
    expect(await telemetry.exported()).not.toContain('marker-');
  });

  test('that runs after the deadline reports the end but no poll', async () => {
    const emulator = await bench.emulator({script: ['running']});
    const queue = bench.queue();
    instrument(bench.worker(), telemetry.options);
    const queued = await queue.add(emulator.addOperation().location, {totalTimeout: 100, initialDelay: 150});
    await rejection(queued.result());
    expect(telemetry.spans('operation.poll')).toEqual([]);
    expect(await telemetry.measured('operation.polls')).toEqual([]);
    expect(telemetry.spans('operation.watch')[0]?.attributes['error.type']).toBe('WatchTimeoutError');
  });

  test('links its spans to the span that was active when the operation was added', async () => {
    const emulator = await bench.emulator({script: ['running', 'succeeded']});
    const queue = bench.queue<object>();
    instrument(bench.worker(), telemetry.options);
    const outer = telemetry.options.tracerProvider.getTracer('test').startSpan('outer');
    const data = {user: 'adele'};
    propagation.inject(trace.setSpan(ROOT_CONTEXT, outer), data);
    outer.end();
    const linked = await queue.add(emulator.addOperation().location, {data});
    await linked.result();
    // Data without a valid trace context does no harm.
    for (const odd of ['text', null, {traceparent: {nested: true}}, {traceparent: 'no context'}, [1]]) {
      await (await queue.add(emulator.addOperation().location, {data: odd as object})).result();
    }
    const links = telemetry
      .spans()
      .filter(({name}) => name !== 'outer')
      .map(({attributes, links: made}) => [attributes['operation.id'], made.map(({context: to}) => to.spanId)]);
    expect(links).toHaveLength(18);
    for (const [id, made] of links) expect(made).toEqual(id === linked.id ? [outer.spanContext().spanId] : []);
    expect(context.active()).toBe(ROOT_CONTEXT);
  });

  test('reports only its own polls: those of all workers add up', async () => {
    const emulator = await bench.emulator();
    const queue = bench.queue();
    const script = [{status: 'running', times: 6}, 'succeeded'] as const;
    const workers = [
      bench.worker({concurrency: 1, schedule: () => 5}),
      bench.worker({concurrency: 1, schedule: () => 5}),
    ];
    const each = workers.map((worker) => {
      const own = startTelemetry();
      instrument(worker, own.options);
      return own;
    });
    // Otherwise one of them may be done with all before the other one has begun.
    await Promise.all(workers.map((worker) => worker.ready()));
    const added = Array.from({length: 10}, () => ({location: emulator.addOperation({script}).location}));
    const queued = await queue.addMany(added);
    await Promise.all(queued.map((operation) => operation.result()));
    const made = each.map((own) => own.spans('operation.poll').length);
    expect(made.reduce((sum, polls) => sum + polls, 0)).toBe(70);
    expect(Math.min(...made)).toBeGreaterThan(0);
    const watches = each.flatMap((own) => own.spans('operation.watch'));
    expect(watches.map(({attributes}) => attributes['operation.id']).sort()).toEqual(queued.map(({id}) => id).sort());
    await until(async () => (await queue.counts()).ended === 10);
    for (const own of each) await own.stop();
  });
});
