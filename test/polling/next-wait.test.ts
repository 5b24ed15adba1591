import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import fc from 'fast-check';
import type {PollOptions} from '../../src/options/poll-options.ts';
import {readOptions} from '../../src/options/settings.ts';
import {nextWait} from '../../src/polling/next-wait.ts';
import {step as takeStep} from '../../src/polling/step.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import type {ScheduleContext} from '../../src/schedule/schedule.ts';
import * as schedules from '../../src/schedule/schedules.ts';
import {beginning, clockAt, operationOf, stateOf, tasks} from '../support/core.ts';
import {type Answer, every4s, failure, reportOf, running, signal, succeeded, walk} from './walk.ts';

const reported: unknown[] = [];

beforeEach(() => {
  reported.length = 0;
  Object.defineProperty(globalThis, 'reportError', {
    value: (error: unknown) => reported.push(error),
    configurable: true,
  });
});

afterEach(() => {
  Reflect.deleteProperty(globalThis, 'reportError');
});

test.each([
  ['is kept', 1, beginning + 1],
  ['is over when its time has come', 0, undefined],
])('a wait after a hint %s', (_, left, expected) => {
  const state = stateOf({operation: operationOf('running'), notBefore: beginning + left});
  const wait = nextWait(state, readOptions({protocol: tasks, ...every4s}), beginning, undefined, 0);
  expect(wait).toMatchObject({delay: 4000, because: 'schedule'});
  expect(wait.notBefore).toBe(expected);
});

test('what is answered just when the last poll would be due is the last poll', () => {
  const options = {...every4s, totalTimeout: 10_000};
  const state = stateOf({operation: operationOf('running'), dueAt: beginning + 8000}, options);
  const waitAt = (elapsed: number) =>
    nextWait(state, readOptions({protocol: tasks, ...options}), beginning + elapsed, undefined, 0);
  expect(waitAt(8999)).toMatchObject({delay: 1, because: 'deadline'});
  expect(waitAt(9000)).toMatchObject({delay: 1000, because: 'deadline'});
});

describe('the deadline', () => {
  const tenSeconds = {...every4s, totalTimeout: 10_000};
  test.each<[string, PollOptions, readonly Answer[], readonly string[]]>([
    [
      'one last poll is made just before it, and then the rest is waited out',
      tenSeconds,
      [running],
      [
        '0 poll',
        '0 wait 4000 schedule',
        '4000 poll',
        '4000 wait 4000 schedule',
        '8000 poll',
        '8000 wait 1000 deadline',
        '9000 poll',
        '9000 wait 1000 deadline',
        '10000 timeout',
      ],
    ],
    [
      'the last poll is made a second before a late one',
      {schedule: schedules.fixed(50_000), totalTimeout: 60_000},
      [running],
      [
        '0 poll',
        '0 wait 50000 schedule',
        '50000 poll',
        '50000 wait 9000 deadline',
        '59000 poll',
        '59000 wait 1000 deadline',
        '60000 timeout',
      ],
    ],
    [
      'Retry-After does not go beyond it (row 23)',
      {...every4s, totalTimeout: 5000},
      [{...running, retryAfter: 60_000}],
      ['0 poll', '0 wait 4500 deadline', '4500 poll', '4500 wait 500 deadline', '5000 timeout'],
    ],
    [
      'a wait that ends exactly where the last poll is due is not cut',
      {schedule: schedules.fixed(4500), totalTimeout: 5000},
      [running],
      ['0 poll', '0 wait 4500 schedule', '4500 poll', '4500 wait 500 deadline', '5000 timeout'],
    ],
    [
      'a wait one millisecond longer is',
      {schedule: schedules.fixed(4501), totalTimeout: 5000},
      [running],
      ['0 poll', '0 wait 4500 deadline', '4500 poll', '4500 wait 500 deadline', '5000 timeout'],
    ],
    [
      'short waits go on after the last poll that is due',
      {schedule: schedules.fixed(400), totalTimeout: 1000},
      [running],
      [
        '0 poll',
        '0 wait 400 schedule',
        '400 poll',
        '400 wait 400 schedule',
        '800 poll',
        '800 wait 100 deadline',
        '900 poll',
        '900 wait 100 deadline',
        '1000 timeout',
      ],
    ],
    [
      'a poll that was moved before it is the last',
      {schedule: schedules.sequence([950, 40]), totalTimeout: 1000},
      [running],
      ['0 poll', '0 wait 900 deadline', '900 poll', '900 wait 100 deadline', '1000 timeout'],
    ],
    [
      'a terminal answer that comes after it beats it',
      tenSeconds,
      [running, running, running, {...succeeded, takes: 5000}],
      [
        '0 poll',
        '0 wait 4000 schedule',
        '4000 poll',
        '4000 wait 4000 schedule',
        '8000 poll',
        '8000 wait 1000 deadline',
        '9000 poll',
        '14000 succeeded',
      ],
    ],
    [
      'an answer that comes after it and is not terminal ends it',
      {...every4s, totalTimeout: 5000},
      [{...running, takes: 6000}, succeeded],
      ['0 poll', '6000 wait 0 deadline', '6000 timeout'],
    ],
    [
      'a failure that comes after it ends it',
      {...every4s, totalTimeout: 5000},
      [{...failure(503), takes: 5000}, succeeded],
      ['0 poll', '5000 timeout'],
    ],
    [
      'a failure just before it does not',
      {...every4s, totalTimeout: 5000},
      [{...failure(503), takes: 4999}, succeeded],
      ['0 poll', '4999 wait 1 deadline', '5000 timeout'],
    ],
    [
      'an initial delay beyond it is cut too, and one poll is made',
      {...every4s, totalTimeout: 5000, initialDelay: 60_000},
      [running],
      ['0 wait 4500 deadline', '4500 poll', '4500 wait 500 deadline', '5000 timeout'],
    ],
    [
      'an initial delay within it is not',
      {...every4s, totalTimeout: 5000, initialDelay: 2000},
      [succeeded],
      ['0 wait 2000 initialDelay', '2000 poll', '2000 succeeded'],
    ],
    [
      'of one millisecond leaves one poll',
      {...every4s, totalTimeout: 1},
      [running],
      ['0 poll', '0 wait 1 deadline', '1 timeout'],
    ],
  ])('%s', async (_, options, answers, expected) => {
    const {log} = await walk(options, answers, {repeat: true});
    expect(log).toEqual(expected);
  });

  test('that is turned off never comes', async () => {
    const options = {totalTimeout: false, schedule: schedules.fixed(1e12)} as const;
    const {waits, requests} = await walk(options, [running, running, running]);
    expect(waits).toEqual([0, 1e12, 1e12, 1e12]);
    expect(requests.map(({deadlineAt}) => deadlineAt)).toEqual([undefined, undefined, undefined]);
  });

  test('limits the request', async () => {
    const {requests} = await walk(tenSeconds, [running, running]);
    expect(requests.map(({deadlineAt}) => deadlineAt)).toEqual([beginning + 10_000, beginning + 10_000]);
  });

  test.each<[string, Answer, readonly string[]]>([
    ['and finds the end', succeeded, ['12000 poll', '12000 succeeded']],
    ['and then times out', running, ['12000 poll', '12000 wait 0 deadline', '12000 timeout']],
  ])(
    'a step that comes late still polls once, limited by requestTimeout instead, also while held back, %s',
    async (_, answer, expected) => {
      const from = stateOf({dueAt: beginning + 9000, attempt: 3}, tenSeconds);
      const {log, requests} = await walk(tenSeconds, [answer], {from, start: beginning + 12_000, repeat: true});
      expect(log).toEqual(expected);
      expect(requests.map(({deadlineAt}) => deadlineAt)).toEqual([beginning + 12_000 + 10_000]);
    },
  );

  test('a step that comes at the very deadline still polls once, limited by requestTimeout', async () => {
    const from = stateOf({dueAt: beginning + 9000, attempt: 3}, tenSeconds);
    const {requests} = await walk(tenSeconds, [succeeded], {from, start: beginning + 10_000});
    expect(requests.map(({deadlineAt}) => deadlineAt)).toEqual([beginning + 10_000 + 10_000]);
  });

  test('no wait ever goes beyond it, and a poll comes before it, whatever is planned', async () => {
    const plans = fc.record({
      totalTimeout: fc.integer({min: 1, max: 1e7}),
      delays: fc.array(fc.double({min: 0, max: 1e9, noNaN: true}), {minLength: 1, maxLength: 20}),
      retryAfter: fc.array(fc.option(fc.nat(1e9), {nil: undefined}), {minLength: 1, maxLength: 20}),
      takes: fc.array(fc.nat(2000), {minLength: 1, maxLength: 20}),
    });
    await fc.assert(
      fc.asyncProperty(plans, async ({totalTimeout, delays, retryAfter, takes}) => {
        const schedule = ({attempt}: ScheduleContext): number => 1 + (delays[attempt % delays.length] ?? 0);
        const answers = Array.from({length: 30}, (_, index): Answer => {
          const wait = retryAfter[index % retryAfter.length];
          return {
            ...running,
            takes: takes[index % takes.length] ?? 0,
            ...(wait === undefined ? {} : {retryAfter: wait}),
          };
        });
        const {log, events} = await walk({totalTimeout, schedule}, answers);
        for (const event of events) {
          if (event.type !== 'waiting') continue;
          expect(Number.isInteger(event.delay) && event.delay >= 0).toBe(true);
          expect(event.at + event.delay).toBeLessThanOrEqual(Math.max(event.at, beginning + totalTimeout));
        }
        const polls = log.filter((line) => line.endsWith(' poll'));
        expect(polls.length).toBeGreaterThanOrEqual(1);
        expect(polls.map((line) => Number.parseInt(line, 10)).every((at) => at < totalTimeout)).toBe(true);
      }),
    );
  });
});

describe('the wait', () => {
  test.each<[string, PollOptions, readonly Answer[], readonly string[]]>([
    [
      'is that of the schedule',
      every4s,
      [running, succeeded],
      ['0 poll', '0 wait 4000 schedule', '4000 poll', '4000 succeeded'],
    ],
    [
      'is that of Retry-After, once (row 26)',
      every4s,
      [{...running, retryAfter: 30_000}, running, running],
      [
        '0 poll',
        '0 wait 30000 retryAfter',
        '30000 poll',
        '30000 wait 4000 schedule',
        '34000 poll',
        '34000 wait 4000 schedule',
      ],
    ],
    [
      'is none when Retry-After says so',
      every4s,
      [{...running, retryAfter: 0}, succeeded],
      ['0 poll', '0 wait 0 retryAfter', '0 poll', '0 succeeded'],
    ],
    [
      'is that of the Retry-After of a failure',
      every4s,
      [failure(503, 7000), failure(429, 3000), running],
      [
        '0 poll',
        '0 wait 7000 retryAfter',
        '7000 poll',
        '7000 wait 3000 retryAfter',
        '10000 poll',
        '10000 wait 4000 schedule',
      ],
    ],
    [
      'is that of the Retry-After of an unknown word',
      every4s,
      [{word: 'odd', retryAfter: 500}, running],
      ['0 poll', '0 wait 500 retryAfter', '500 poll', '500 wait 4000 schedule'],
    ],
    [
      'is not shorter than the protocol allows',
      {schedule: schedules.fixed(5), protocol: defineProtocol({...tasks, minimumInterval: 5000})},
      [running, succeeded],
      ['0 poll', '0 wait 5000 schedule', '5000 poll', '5000 succeeded'],
    ],
    [
      'is shorter than the protocol allows when the service says so',
      {schedule: schedules.fixed(5), protocol: defineProtocol({...tasks, minimumInterval: 5000})},
      [{...running, retryAfter: 100}, succeeded],
      ['0 poll', '0 wait 100 retryAfter', '100 poll', '100 succeeded'],
    ],
    [
      'is a whole number, never shorter than the schedule says',
      {schedule: schedules.fixed(0.2)},
      [running, succeeded],
      ['0 poll', '0 wait 1 schedule', '1 poll', '1 succeeded'],
    ],
    [
      'begins when the answer has arrived',
      every4s,
      [{...running, takes: 700}, succeeded],
      ['0 poll', '700 wait 4000 schedule', '4700 poll', '4700 succeeded'],
    ],
  ])('%s', async (_, options, answers, expected) => {
    expect((await walk(options, answers)).log).toEqual(expected);
  });

  test.each([
    [0, undefined],
    [1, 1],
    [5000, 5000],
  ])('with a minimumInterval of %i ms keeps when the next poll is allowed', async (minimumInterval, expected) => {
    const protocol = defineProtocol({...tasks, minimumInterval});
    const {last} = await walk({schedule: schedules.fixed(7000), protocol}, [running]);
    expect(last.state.notBefore).toBe(expected === undefined ? undefined : beginning + expected);
  });

  test('depends on the random numbers that are injected', async () => {
    const numbers = [0, 0.25, 0.999];
    const {waits} = await walk({}, [running, running, running], {random: () => numbers.shift() ?? Number.NaN});
    expect(waits).toEqual([0, 100, Math.ceil(100 + 1400 * 0.25), Math.ceil(100 + 2150 * 0.999)]);
  });

  test('depends on Math.random where none are injected', async () => {
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.125);
    const io = {settings: readOptions({protocol: tasks}), poll: async () => reportOf(running), signal};
    const {next} = await takeStep(stateOf(), io, clockAt());
    random.mockRestore();
    expect(next).toEqual({wait: 213}); // 100 + 900 / 8, a whole number
  });

  test('is what the schedule says, given all that it may depend on', async () => {
    const contexts: ScheduleContext[] = [];
    const schedule = (context: ScheduleContext): number => {
      contexts.push(context);
      return 1000;
    };
    await walk({schedule}, [failure(503), failure(503), running, {word: 'odd'}]);
    const none = {status: 'notStarted', operation: undefined, random: 0.5};
    const known = {status: 'running', operation: operationOf('running'), random: 0.5, failures: 0};
    expect(contexts).toEqual([
      {...none, attempt: 1, elapsed: 0, failures: 1},
      {...none, attempt: 2, elapsed: 1000, failures: 2},
      {...known, attempt: 3, elapsed: 2000},
      {...known, attempt: 4, elapsed: 3000},
    ]);
  });

  test('the schedule is not called when the service says when', async () => {
    const schedule = jest.fn(() => 5);
    await walk({schedule}, [{...running, retryAfter: 10}, failure(503, 10), succeeded]);
    expect(schedule).not.toHaveBeenCalled();
  });

  test.each<[string, () => unknown, unknown]>([
    ['throws', () => { throw new Error('mine'); }, new Error('mine')], // biome-ignore format: a table
    ['gives NaN', () => Number.NaN, new RangeError('schedule: expected milliseconds from 0 on, got NaN')],
    ['gives Infinity', () => Infinity, new RangeError('schedule: expected milliseconds from 0 on, got Infinity')],
    ['gives a negative number', () => -1, new RangeError('schedule: expected milliseconds from 0 on, got -1')],
    ['gives a string', () => '5', new RangeError('schedule: expected milliseconds from 0 on, got "5"')],
    [
      'gives a long text',
      () => 'x'.repeat(100),
      new RangeError(`schedule: expected milliseconds from 0 on, got "${'x'.repeat(60)}"`),
    ],
    ['gives nothing', () => undefined, new RangeError('schedule: expected milliseconds from 0 on, got undefined')],
    [
      'gives a promise',
      async () => 5,
      new RangeError('schedule: expected milliseconds from 0 on, got an object of the class Promise'),
    ],
    [
      'gives what cannot become text',
      () => Object.create(null),
      new RangeError('schedule: expected milliseconds from 0 on, got an object'),
    ],
  ])(
    'a schedule that %s is reported to the host, and the default takes over for that wait',
    async (_, schedule, error) => {
      const once = (context: ScheduleContext): number => (context.attempt === 2 ? (schedule() as number) : 20_000);
      const {waits} = await walk({schedule: once}, [running, running, running]);
      expect(waits).toEqual([0, 20_000, 800, 20_000]);
      expect(reported).toEqual([error]);
    },
  );
});
