import {afterEach, describe, expect, jest, test} from '@jest/globals';
import type {OperationStep} from '../../src/testing/index.ts';
import {poll, startEmulator, statuses} from './emulators.ts';

afterEach(() => {
  jest.useRealTimers();
});

describe('a script', () => {
  test('gives each poll the next step, and repeats the last', async () => {
    const emulator = await startEmulator();
    const {location} = emulator.addOperation();
    expect(await statuses(location, 5)).toEqual(['notStarted', 'running', 'succeeded', 'succeeded', 'succeeded']);
  });

  test('accepts any status', async () => {
    const emulator = await startEmulator();
    const {location} = emulator.addOperation({script: ['RUNNING', 'somethingNew', '']});
    expect(await statuses(location, 3)).toEqual(['RUNNING', 'somethingNew', '']);
  });

  test('repeats a step `times` times', async () => {
    const emulator = await startEmulator({script: ['notStarted', {status: 'running', times: 3}, 'succeeded']});
    const {location} = emulator.addOperation();
    const running = ['running', 'running', 'running'];
    expect(await statuses(location, 5)).toEqual(['notStarted', ...running, 'succeeded']);
  });

  test('keeps the status through steps without one', async () => {
    const emulator = await startEmulator();
    const {location} = emulator.addOperation({script: [{}, 'running', {detail: 'still at it'}]});
    expect(await statuses(location, 3)).toEqual(['notStarted', 'running', 'running']);
  });

  test('holds a step until its time, checked just before and just after', async () => {
    jest.useFakeTimers();
    const emulator = await startEmulator();
    const script: OperationStep[] = [
      {status: 'notStarted', until: 1000},
      {status: 'running', until: 5000},
      'succeeded',
    ];
    const {location} = emulator.addOperation({script});
    expect(await statuses(location, 2)).toEqual(['notStarted', 'notStarted']);
    jest.advanceTimersByTime(999);
    expect(await statuses(location, 1)).toEqual(['notStarted']);
    jest.advanceTimersByTime(1);
    expect(await statuses(location, 1)).toEqual(['running']);
    jest.advanceTimersByTime(3999);
    expect(await statuses(location, 1)).toEqual(['running']);
    jest.advanceTimersByTime(1);
    expect(await statuses(location, 1)).toEqual(['succeeded']);
  });

  test('skips a step whose time has passed', async () => {
    jest.useFakeTimers();
    const emulator = await startEmulator();
    const {location} = emulator.addOperation({
      script: [{status: 'running', until: 1000}, {status: 'b', times: 1}, 'c'],
    });
    jest.advanceTimersByTime(1000);
    expect(await statuses(location, 2)).toEqual(['b', 'c']);
  });

  test('can be replaced, and then counts from the start', async () => {
    jest.useFakeTimers();
    const emulator = await startEmulator();
    const operation = emulator.addOperation();
    await statuses(operation.location, 3);
    jest.advanceTimersByTime(60_000);
    operation.rescript([{status: 'running', until: 10}, 'failed']);
    expect(await statuses(operation.location, 1)).toEqual(['running']);
    jest.advanceTimersByTime(10);
    expect(await statuses(operation.location, 1)).toEqual(['failed']);
    expect(() => operation.rescript([])).toThrow(RangeError);
    expect(await statuses(operation.location, 1)).toEqual(['failed']);
  });

  test('is not affected by later changes of the caller', async () => {
    const emulator = await startEmulator();
    const step = {status: 'running'};
    const script: OperationStep[] = [step];
    const {location} = emulator.addOperation({script});
    step.status = 'failed';
    script.push('failed');
    expect(await statuses(location, 2)).toEqual(['running', 'running']);
  });

  test('starts when the operation becomes visible, with 404 before that', async () => {
    jest.useFakeTimers();
    const emulator = await startEmulator();
    const operation = emulator.addOperation({visibleAfter: 2000});
    jest.advanceTimersByTime(1999);
    expect((await poll(operation.location)).response.status).toBe(404);
    jest.advanceTimersByTime(1);
    expect(await statuses(operation.location, 1)).toEqual(['notStarted']);
    expect([operation.polls, operation.requests.length]).toEqual([1, 2]);
  });

  test('starts at once otherwise, also where the wall clock is set back right afterwards', async () => {
    jest.useFakeTimers();
    const emulator = await startEmulator();
    const places = [emulator.addOperation({script: ['running']}), emulator.addResource({path: '/made/1'})];
    jest.setSystemTime(Date.now() - 1);
    const found = await Promise.all(places.map(({location}) => poll(location)));
    expect(found.map(({response}) => response.status)).toEqual([200, 200]);
  });
});

describe('a script is checked at the call', () => {
  const cases: ReadonlyArray<readonly [step: object, message: string]> = [
    [{http: 600}, 'script[1].http: expected a whole number from 200 to 599, got 600'],
    [{http: 200.5}, 'script[1].http: expected a whole number from 200 to 599, got 200.5'],
    [{http: '503'}, "script[1].http: expected a number, got '503'"],
    [
      {fault: 'rset'},
      "script[1].fault: expected one of 'reset', 'hang', 'hangBody', 'truncated', 'huge', 'endless', got 'rset'",
    ],
    [{fault: true}, 'script[1].fault: expected a string, got true'],
    [{delay: -1}, 'script[1].delay: expected between 0 and 2147483647 milliseconds, got -1'],
    [{delay: Number.NaN}, 'script[1].delay: expected between 0 and 2147483647 milliseconds, got NaN'],
    [{until: '5'}, "script[1].until: expected a number of milliseconds, got '5'"],
    [{times: 0}, 'script[1].times: expected a whole number from 1 to 9007199254740991, got 0'],
    [{status: 5}, 'script[1].status: expected a string, got 5'],
    [{percentageComplete: Number.NaN}, 'script[1].percentageComplete: expected a finite number, got NaN'],
    [{percentageComplete: []}, 'script[1].percentageComplete: expected a string or a number, got []'],
    [{retryAfter: 'a\nb'}, "script[1].retryAfter: expected a valid header value, got 'a\\nb'"],
    [{headers: {'a b': 'c'}}, "script[1].headers: 'a b' is not a valid header name"],
    [{headers: {a: 5}}, 'script[1].headers.a: expected a string, got 5'],
    [{headers: 'a'}, "script[1].headers: expected an object, got 'a'"],
    [{body: () => 1}, 'script[1].body: expected a value that JSON can represent, got [Function: body]'],
    [{body: {big: 5n}}, 'script[1].body: expected a value that JSON can represent, got { big: 5n }'],
    [{fields: []}, 'script[1].fields: expected an object, got []'],
    [{claims: 5}, 'script[1].claims: expected JSON text or an object, got 5'],
    [{retryafter: 5}, "script[1]: unknown field 'retryafter'; known are status, detail,"],
    [{body: {}, text: ''}, 'script[1]: expected either body or text, got both'],
    [{times: 2, until: 5}, 'script[1]: expected either times or until, got both'],
    [{redirect: '/a', location: '/b'}, 'script[1]: expected either redirect or location, got both'],
  ];
  test.each(cases.map(([step, message]) => [message, step] as const))('%s', async (message, step) => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation();
    expect(() => operation.rescript(['running', step])).toThrow(message);
  });

  test('is refused if it is not a list, is empty, or its times do not ascend', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation();
    const rescript = (script: unknown) => Reflect.apply(operation.rescript, operation, [script]);
    expect(() => rescript('running')).toThrow("script: expected a list of steps, got 'running'");
    expect(() => rescript([null])).toThrow('script[0]: expected a status or an object, got null');
    expect(() => rescript([])).toThrow('script: expected a list of at least one step, got []');
    const backwards = [{until: 50}, 'running', {until: 50}];
    expect(() => rescript(backwards)).toThrow(
      'script[2].until: expected more than 50, the value of an earlier step, got 50',
    );
  });

  test('is accepted with a field that is undefined, which counts as absent', async () => {
    const emulator = await startEmulator();
    const {location} = emulator.addOperation({script: [{status: 'running', body: undefined, text: undefined}]});
    expect(await statuses(location, 1)).toEqual(['running']);
  });
});
