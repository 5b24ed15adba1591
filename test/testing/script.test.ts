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

  test('takes any word', async () => {
    const emulator = await startEmulator();
    const {location} = emulator.addOperation({script: ['RUNNING', 'somethingNew', '']});
    expect(await statuses(location, 3)).toEqual(['RUNNING', 'somethingNew', '']);
  });

  test('repeats a step as many times as it says', async () => {
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

  test('goes by time with until, just before and just after', async () => {
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

  test('leaves out a step whose time has passed', async () => {
    jest.useFakeTimers();
    const emulator = await startEmulator();
    const {location} = emulator.addOperation({
      script: [{status: 'running', until: 1000}, {status: 'b', times: 1}, 'c'],
    });
    jest.advanceTimersByTime(1000);
    expect(await statuses(location, 2)).toEqual(['b', 'c']);
  });

  test('can be replaced, counting from then', async () => {
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

  test('is not changed by what the caller does to it later', async () => {
    const emulator = await startEmulator();
    const step = {status: 'running'};
    const script: OperationStep[] = [step];
    const {location} = emulator.addOperation({script});
    step.status = 'failed';
    script.push('failed');
    expect(await statuses(location, 2)).toEqual(['running', 'running']);
  });

  test('begins when the operation is visible, answering 404 before', async () => {
    jest.useFakeTimers();
    const emulator = await startEmulator();
    const operation = emulator.addOperation({visibleAfter: 2000});
    jest.advanceTimersByTime(1999);
    expect((await poll(operation.location)).response.status).toBe(404);
    jest.advanceTimersByTime(1);
    expect(await statuses(operation.location, 1)).toEqual(['notStarted']);
    expect([operation.polls, operation.requests.length]).toEqual([1, 2]);
  });
});

describe('a script is refused at the call', () => {
  const cases: ReadonlyArray<readonly [step: object, message: string]> = [
    [{http: 600}, 'script[1].http must be a whole number from 200 to 599, not 600'],
    [{http: 200.5}, 'script[1].http must be a whole number from 200 to 599, not 200.5'],
    [{http: '503'}, "script[1].http must be a number, not '503'"],
    [
      {fault: 'rset'},
      "script[1].fault must be one of 'reset', 'hang', 'hangBody', 'truncated', 'huge', 'endless', not 'rset'",
    ],
    [{fault: true}, 'script[1].fault must be a string, not true'],
    [{delay: -1}, 'script[1].delay must be between 0 and 2147483647 milliseconds, not -1'],
    [{delay: Number.NaN}, 'script[1].delay must be between 0 and 2147483647 milliseconds, not NaN'],
    [{until: '5'}, "script[1].until must be a number of milliseconds, not '5'"],
    [{times: 0}, 'script[1].times must be a whole number from 1 to 9007199254740991, not 0'],
    [{status: 5}, 'script[1].status must be a string, not 5'],
    [{percentageComplete: Number.NaN}, 'script[1].percentageComplete must be a finite number, not NaN'],
    [{percentageComplete: []}, 'script[1].percentageComplete must be a string or a number, not []'],
    [{retryAfter: 'a\nb'}, "script[1].retryAfter must be text that a header can carry, not 'a\\nb'"],
    [{headers: {'a b': 'c'}}, "script[1].headers has 'a b', which is not the name of a header"],
    [{headers: {a: 5}}, 'script[1].headers.a must be a string, not 5'],
    [{headers: 'a'}, "script[1].headers must be an object, not 'a'"],
    [{body: () => 1}, 'script[1].body must be a value that JSON can carry, not [Function: body]'],
    [{body: {big: 5n}}, 'script[1].body must be a value that JSON can carry, not { big: 5n }'],
    [{fields: []}, 'script[1].fields must be an object, not []'],
    [{claims: 5}, 'script[1].claims must be JSON text or an object, not 5'],
    [{retryafter: 5}, "script[1] has no field 'retryafter'; it has status, detail,"],
    [{body: {}, text: ''}, 'script[1] has both body and text; a step takes only one of them'],
    [{times: 2, until: 5}, 'script[1] has both times and until; a step takes only one of them'],
    [{redirect: '/a', location: '/b'}, 'script[1] has both redirect and location; a step takes only one of them'],
  ];
  test.each(cases.map(([step, message]) => [message, step] as const))('%s', async (message, step) => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation();
    expect(() => operation.rescript(['running', step])).toThrow(message);
  });

  test('when it is no list, holds no step, or its times do not ascend', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation();
    const rescript = (script: unknown) => Reflect.apply(operation.rescript, operation, [script]);
    expect(() => rescript('running')).toThrow("script must be a list of steps, not 'running'");
    expect(() => rescript([null])).toThrow('script[0] must be a status word or an object, not null');
    expect(() => rescript([])).toThrow('script must be a list of at least one step, not []');
    const backwards = [{until: 50}, 'running', {until: 50}];
    expect(() => rescript(backwards)).toThrow(
      'script[2].until must be later than 50, which an earlier step has, not 50',
    );
  });

  test('but a field that is undefined is one that is absent', async () => {
    const emulator = await startEmulator();
    const {location} = emulator.addOperation({script: [{status: 'running', body: undefined, text: undefined}]});
    expect(await statuses(location, 1)).toEqual(['running']);
  });
});
