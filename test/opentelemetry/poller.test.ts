import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import {context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace} from '@opentelemetry/api';
import {
  type OperationPoller,
  type PollOptions,
  pollOperation,
  protocols,
  resumeOperation,
  schedules,
} from 'operation-poller';
import {type InstrumentOptions, instrument} from 'operation-poller/opentelemetry';
import {type AddOperationOptions, type OperationStep, skipWaits} from 'operation-poller/testing';
import {now} from '../../src/shared/clock.ts';
import {startEmulator} from '../testing/emulators.ts';
import {endedBefore, milliseconds, startTelemetry} from './telemetry.ts';

const token = 'marker-token-0123456789';
const quick: PollOptions = {
  token,
  schedule: schedules.fixed(5),
  retry: {retries: 2, minTimeout: 1, maxTimeout: 1},
};

let telemetry: ReturnType<typeof startTelemetry>;
beforeEach(() => {
  telemetry = startTelemetry();
});
afterEach(async () => {
  jest.useRealTimers();
  await telemetry.stop();
});

async function watch(
  script: readonly OperationStep[],
  options: PollOptions = {},
  added: AddOperationOptions = {},
): Promise<OperationPoller> {
  const emulator = await startEmulator();
  const {location} = emulator.addOperation({script, ...added});
  const poller = pollOperation(location, {...quick, ...options});
  instrument(poller, telemetry.options);
  return poller;
}

const settled = (poller: OperationPoller): Promise<unknown> => poller.result().catch((error: unknown) => error);

describe('a poller', () => {
  test('that succeeds has one span with a child for each poll and wait', async () => {
    const poller = await watch(['notStarted', 'running', 'succeeded']);
    await poller.result();
    const [span, ...more] = telemetry.spans('operation.watch');
    expect(more).toEqual([]);
    expect(span?.attributes).toEqual({
      'operation.protocol': 'longRunning',
      'operation.outcome': 'succeeded',
      'operation.attempt': 3,
    });
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
    expect(span?.events.map(({name}) => name)).toEqual(['operation.notStarted', 'operation.running']);
    const children = telemetry
      .spans()
      .filter(({parentSpanContext}) => parentSpanContext?.spanId === span?.spanContext().spanId);
    expect(children.map(({name}) => name)).toEqual([
      'operation.poll',
      'operation.wait',
      'operation.poll',
      'operation.wait',
      'operation.poll',
    ]);
    const url = new URL(poller.toJSON().location);
    expect(children[2]?.kind).toBe(SpanKind.CLIENT);
    expect(children[2]?.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'url.full': url.origin + url.pathname,
      'server.address': '127.0.0.1',
      'server.port': Number(url.port),
      'operation.attempt': 2,
    });
    expect(children[1]?.attributes).toEqual({'operation.wait.cause': 'schedule'});
    let end = milliseconds(span?.startTime ?? [0, 0]);
    for (const child of children) {
      expect(milliseconds(child.startTime)).toBe(end);
      end = milliseconds(child.endTime);
    }
    expect(milliseconds(span?.endTime ?? [0, 0])).toBe(end);
  });

  test('is measured', async () => {
    const poller = await watch(['running', 'running', {status: 'succeeded', ...endedBefore}]);
    const by = {'operation.protocol': 'longRunning'};
    expect(await telemetry.measured('operation.in_progress')).toEqual([{by, value: 1, sum: undefined}]);
    await poller.result();
    expect(await telemetry.measured('operation.in_progress')).toEqual([{by, value: 0, sum: undefined}]);
    const ended = {...by, 'operation.outcome': 'succeeded'};
    expect(await telemetry.measured('operation.outcomes')).toEqual([{by: ended, value: 1, sum: undefined}]);
    expect(await telemetry.measured('operation.duration')).toEqual([{by: ended, value: 1, sum: expect.any(Number)}]);
    expect(await telemetry.measured('operation.polls')).toEqual([
      {by: {...by, 'http.response.status_code': 200}, value: 3, sum: undefined},
    ]);
    expect(await telemetry.measured('operation.wait.duration')).toEqual([
      {by: {...by, 'operation.wait.cause': 'schedule'}, value: 2, sum: expect.any(Number)},
    ]);
    expect(await telemetry.measured('operation.detection.delay')).toEqual([
      {by: ended, value: 1, sum: expect.any(Number)},
    ]);
  });

  test.each([
    ['failed', 'failed', 'OperationFailedError', SpanStatusCode.ERROR],
    ['canceled', 'skipped', undefined, SpanStatusCode.UNSET],
  ] as const)('that ends as %s has that outcome', async (status, word, error, code) => {
    const detail = 'marker-detail';
    const poller = await watch([{status: word, detail, error: {code: 'marker-code', message: 'marker-message'}}]);
    await settled(poller);
    const [span] = telemetry.spans('operation.watch');
    expect(span?.attributes['operation.outcome']).toBe(status);
    expect(span?.attributes['error.type']).toBe(error);
    expect(span?.status).toEqual({code});
    const exported = await telemetry.exported();
    for (const secret of ['marker-', 'Bearer']) expect(exported).not.toContain(secret);
  });

  test('74: exports nothing of the token, whatever the service quotes it in', async () => {
    const own = 'ey+/marker.==~ABCdef';
    const inUrl = [...own].map((each) => `%${each.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
    const inJson = [...own].map((each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
    const quoting = (status: string): string =>
      `{"id":"${inJson}","status":"${status}","${inJson}":1,"error":{"code":"${inJson}","message":"${inJson}"}}`;
    const headers = {'request-id': inUrl, 'x-ms-request-id': inUrl, date: inUrl};
    for (const steps of [
      [
        {body: quoting('running'), headers},
        {body: quoting('failed'), headers},
      ],
      [{http: 503, body: quoting('running'), headers}],
      [{body: quoting(inJson)}, {body: quoting('succeeded'), headers: {'operation-location': `/on/${inUrl}`}}],
      [
        {http: 307, location: `/to/${inUrl}`},
        {http: 400, body: quoting('x')},
      ],
    ]) {
      const poller = await watch(steps, {token: own, consecutiveFailures: 1}, {bearer: false});
      await settled(poller);
    }
    const exported = await telemetry.exported();
    expect(telemetry.spans('operation.watch')).toHaveLength(4);
    for (const quoted of ['marker', inUrl, inJson]) expect(exported).not.toContain(quoted);
  });

  test('counts retries by their cause', async () => {
    const poller = await watch([{http: 503}, {http: 502}, {fault: 'reset'}, 'succeeded']);
    await poller.result();
    const polls = telemetry.spans('operation.poll');
    expect(polls.map(({attributes}) => attributes['error.type'])).toEqual(['503', '502', 'network', undefined]);
    expect(polls.map(({status}) => status.code)).toEqual([2, 2, 2, 0]);
    const retries = await telemetry.measured('operation.retries');
    expect(retries.map(({by, value}) => [by['error.type'], value])).toEqual([
      ['503', 1],
      ['502', 1],
      ['network', 1],
    ]);
    expect(telemetry.spans('operation.wait').map(({attributes}) => attributes['operation.wait.cause'])).toEqual([
      'retry',
      'retry',
      'schedule',
    ]);
  });

  test('measures how long it was throttled', async () => {
    const poller = await watch([{http: 429, retryAfter: 1}, 'succeeded']);
    await poller.result();
    const [throttled] = await telemetry.measured('operation.throttled.time');
    expect(throttled?.value).toBeGreaterThanOrEqual(1);
    const [wait, ...more] = telemetry.spans('operation.wait');
    expect(more).toEqual([]);
    expect(wait?.attributes).toEqual({'operation.wait.cause': 'retryAfter'});
  });

  test.each([
    ['stopped in a wait', ['running'], {schedule: schedules.fixed(60_000)}, false],
    ['stopped in a poll', ['running', {fault: 'hang'}], {}, true],
  ] as const)('that is %s ends its span', async (_, script, options, isAborted) => {
    const emulator = await startEmulator();
    const {location} = emulator.addOperation({script: [...script]});
    const poller = pollOperation(location, {...quick, ...options});
    instrument(poller, telemetry.options);
    await poller.waitFor('running');
    if (isAborted) {
      await emulator.nextRequest();
      // The clock of the spans is the library's, and has whole milliseconds: by it, time must pass since the wait was over.
      const asked = now();
      while (now() === asked) await new Promise((resolve) => setImmediate(resolve));
    }
    poller.stop('marker-reason');
    await settled(poller);
    const [span] = telemetry.spans('operation.watch');
    expect(span?.attributes['operation.outcome']).toBe('abandoned');
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
    const polls = telemetry.spans('operation.poll');
    expect(polls.map(({attributes}) => attributes['error.type'])).toEqual(
      isAborted ? [undefined, 'WatchAbortedError'] : [undefined],
    );
    expect(telemetry.spans('operation.wait')).toHaveLength(1);
    expect((await telemetry.measured('operation.polls'))[0]?.value).toBe(1);
    expect(telemetry.open()).toBe(0);
    expect(await telemetry.exported()).not.toContain('marker-');
  });

  test('whose signal aborts at once makes no request and ends its span', async () => {
    const poller = await watch(['running'], {signal: AbortSignal.abort('marker-reason')});
    await settled(poller);
    expect(telemetry.spans('operation.watch')[0]?.attributes['operation.outcome']).toBe('abandoned');
    expect(telemetry.open()).toBe(0);
  });

  test('that times out has that error', async () => {
    jest.useFakeTimers({doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask']});
    const emulator = await startEmulator();
    const operation = emulator.addOperation({script: ['running', {fault: 'hang'}]});
    const poller = pollOperation(operation.location, {...quick, totalTimeout: 200});
    instrument(poller, telemetry.options);
    skipWaits(poller, jest);
    while (operation.requests.length < 2) await new Promise((resolve) => setImmediate(resolve));
    await jest.advanceTimersByTimeAsync(200);
    await settled(poller);
    const [span] = telemetry.spans('operation.watch');
    expect(span?.attributes).toMatchObject({'operation.outcome': 'abandoned', 'error.type': 'WatchTimeoutError'});
    expect(span?.status).toEqual({code: SpanStatusCode.ERROR});
    expect(telemetry.spans('operation.poll').map(({attributes}) => attributes['error.type'])).toEqual([
      undefined,
      'WatchTimeoutError',
    ]);
  });

  test.each([
    ['HTTP 401', [{http: 401}], {}, '401', 'UnauthorizedError'],
    ['an unknown word', ['marker-word'], {unknownStatus: 'fail'}, undefined, 'UnknownStatusError'],
    ['HTTP 404', [{http: 404}], {notFoundGrace: 0}, '404', 'OperationNotFoundError'],
    ['a body that is not JSON', [{text: 'marker-text'}], {consecutiveFailures: 1}, 'ProtocolError', 'ProtocolError'],
  ] as const)(
    'that meets %s has that error, without any text of the service',
    async (_, script, options, pollError, error) => {
      const poller = await watch(script as readonly OperationStep[], options);
      await settled(poller);
      expect(telemetry.spans('operation.watch')[0]?.attributes['error.type']).toBe(error);
      expect(telemetry.spans('operation.poll').at(-1)?.attributes['error.type']).toBe(pollError);
      expect(await telemetry.exported()).not.toContain('marker-');
    },
  );

  test('on a foreign host exports no query', async () => {
    const poller = await watch(
      ['inProgress', {status: 'completed'}],
      {protocol: protocols.graph.driveCopy},
      {path: '/monitor/{id}', version: false, bearer: false, query: 'sig=marker-secret'},
    );
    await settled(poller);
    expect(telemetry.spans('operation.poll').length).toBeGreaterThan(0);
    const exported = await telemetry.exported();
    expect(exported).toContain('/monitor/');
    expect(exported).not.toContain('marker-');
    expect(exported).not.toContain('?');
  });

  test('that has already ended is not instrumented', async () => {
    const poller = await watch(['succeeded']);
    await poller.result();
    const before = telemetry.spans().length;
    instrument(poller, telemetry.options).unsubscribe();
    instrument(resumeOperation(poller.toJSON(), quick), telemetry.options);
    expect(telemetry.spans()).toHaveLength(before);
    expect(telemetry.open()).toBe(0);
    const stopped = pollOperation(poller.toJSON().location, quick);
    stopped.stop();
    await settled(stopped);
    instrument(stopped, telemetry.options);
    expect(telemetry.open()).toBe(0);
  });

  test.each([3_600_000, -3_600_000])(
    'has spans as long as what they are of, by a wall clock that was set by %d ms before it began',
    async (by) => {
      jest.useFakeTimers({doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask']});
      now();
      jest.setSystemTime(Date.now() + by);
      const emulator = await startEmulator();
      const {location} = emulator.addOperation({script: ['running', 'succeeded']});
      const poller = pollOperation(location, {...quick, schedule: schedules.fixed(1000)});
      instrument(poller, telemetry.options);
      skipWaits(poller, jest);
      await poller.result();
      const lengths = telemetry
        .spans()
        .map(({name, startTime, endTime}) => [name, milliseconds(endTime) - milliseconds(startTime)]);
      expect(lengths).toEqual([
        ['operation.poll', 0],
        ['operation.wait', 1000],
        ['operation.poll', 0],
        ['operation.watch', 1000],
      ]);
      jest.useRealTimers();
      expect((await telemetry.measured('operation.duration'))[0]?.sum).toBe(1);
    },
  );

  test('that was resumed is measured from its original start', async () => {
    const poller = await watch(['running']);
    await poller.waitFor('running');
    poller.stop();
    await settled(poller);
    const earlier = {...poller.toJSON(), startedAt: now() - 100_000};
    const resumed = resumeOperation(earlier, {...quick, totalTimeout: false});
    instrument(resumed, telemetry.options);
    resumed.stop();
    await settled(resumed);
    const [duration] = await telemetry.measured('operation.duration');
    expect(duration?.sum).toBeGreaterThanOrEqual(100);
  });

  test('reports nothing after being unsubscribed, and goes on', async () => {
    const emulator = await startEmulator();
    const {location} = emulator.addOperation({script: ['running', 'succeeded']});
    const poller = pollOperation(location, quick);
    const {unsubscribe} = instrument(poller, telemetry.options);
    await poller.waitFor('running');
    unsubscribe();
    unsubscribe();
    await poller.result();
    expect(telemetry.open()).toBe(0);
    expect(telemetry.spans('operation.watch')[0]?.attributes['operation.outcome']).toBeUndefined();
    expect((await telemetry.measured('operation.in_progress'))[0]?.value).toBe(0);
    expect(await telemetry.measured('operation.outcomes')).toEqual([]);
  });

  test('has the active span as its parent', async () => {
    const outer = telemetry.options.tracerProvider.getTracer('test').startSpan('outer');
    const active = trace.setSpan(ROOT_CONTEXT, outer);
    context.setGlobalContextManager({
      active: () => active,
      with: (_, work, self, ...given) => work.apply(self, given),
      bind: (_, target) => target,
      enable() {
        return this;
      },
      disable() {
        return this;
      },
    });
    try {
      const poller = await watch(['succeeded']);
      await poller.result();
    } finally {
      context.disable();
      outer.end();
    }
    const [span] = telemetry.spans('operation.watch');
    expect(span?.parentSpanContext?.spanId).toBe(outer.spanContext().spanId);
    expect(telemetry.spans('operation.poll')[0]?.parentSpanContext?.spanId).toBe(span?.spanContext().spanId);
  });

  test('works without a registered SDK', async () => {
    const emulator = await startEmulator();
    const poller = pollOperation(emulator.addOperation({script: ['succeeded']}).location, quick);
    instrument(poller);
    expect((await poller.result()).status).toBe('succeeded');
  });
});

describe('what cannot be instrumented', () => {
  test.each([
    ['null', null],
    ['1', 1],
    ['an object', {}],
    ['an object', {on: 5}],
  ])('is refused: %s', (got, target) => {
    expect(() => instrument(target as unknown as OperationPoller)).toThrow(
      `target: expected a poller, a client, a tracker, a worker or the events of a queue, got ${got}`,
    );
  });

  test.each([
    [null, 'options: expected an object'],
    [{tracer: 1}, 'tracer: there is no such option; there are tracerProvider, meterProvider'],
    [{tracerProvider: null}, 'tracerProvider: expected an OpenTelemetry provider, got null'],
    [{meterProvider: 1}, 'meterProvider: expected an OpenTelemetry provider, got 1'],
  ])('is refused with the options %j', (options, message) => {
    const target = {on: () => ({unsubscribe: () => undefined}), ready: async () => undefined};
    expect(() => instrument(target, options as InstrumentOptions)).toThrow(message);
  });
});
