import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import fc from 'fast-check';
import {
  ForbiddenError,
  type OperationError,
  OperationNotFoundError,
  type PollError,
  ProtocolError,
  UnauthorizedError,
  UnknownStatusError,
  UnreachableError,
  WatchAbortedError,
  WatchTimeoutError,
} from '../../src/operation/errors.ts';
import type {OperationEvent} from '../../src/operation/events.ts';
import type {OperationStatus} from '../../src/operation/operation.ts';
import {readResumeToken} from '../../src/operation/read-resume-token.ts';
import type {WatchState} from '../../src/operation/state.ts';
import type {PollOptions} from '../../src/options/poll-options.ts';
import {readOptions} from '../../src/options/settings.ts';
import type {PollRequest, Report} from '../../src/polling/poll.ts';
import {abandon, firstStep, type Step, step as takeStep} from '../../src/polling/step.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import type {ScheduleContext} from '../../src/schedule/schedule.ts';
import * as schedules from '../../src/schedule/schedules.ts';
import {wallClock} from '../../src/shared/clock.ts';
import {beginning, location, operationOf, pollError, stateOf, tasks} from '../support/core.ts';

const head = {httpStatus: 200, requestId: 'r', clientRequestId: 'c'};

/** What the service answers to a poll. */
interface Answer {
  readonly status?: OperationStatus;
  readonly percentComplete?: number;
  /** An unknown word. */
  readonly word?: string;
  readonly fails?: PollError;
  /** Requests that failed before it, within the poll, and after how long the next one was made. */
  readonly retried?: readonly (readonly [PollError, number])[];
  readonly retryAfter?: number;
  readonly relocation?: {readonly followed: true; readonly location: string};
  /** How long the answer takes. */
  readonly takes?: number;
}

const running: Answer = {status: 'running'};
const succeeded: Answer = {status: 'succeeded'};
const failure = (httpStatus: number, retryAfter?: number): Answer => ({fails: pollError(httpStatus, {retryAfter})});

function reportOf({status = 'running', percentComplete, word, fails, retryAfter, relocation}: Answer): Report {
  if (fails !== undefined) return {is: 'failure', error: fails};
  if (word !== undefined) return {is: 'unknownStatus', rawStatus: word, answer: head, retryAfter};
  return {is: 'operation', operation: operationOf(status, {percentComplete}), answer: head, retryAfter, relocation};
}

/** What happened on a walk, with the time of it in milliseconds since the beginning. */
interface Walk {
  /** `'0 poll'`, `'0 wait 1000 schedule'`, `'5000 timeout'` and so on. */
  readonly log: readonly string[];
  readonly events: readonly OperationEvent[];
  readonly questions: readonly PollRequest[];
  readonly waits: readonly number[];
  readonly last: Step;
}

const {signal} = new AbortController();

/**
 * Takes step after step by a clock that jumps from one to the next, as every runner does, until watching is over or the
 * answers have run out; the last answer repeats where `repeat` says so.
 */
async function walk(
  options: PollOptions,
  answers: readonly Answer[],
  {from = stateOf({}, options), repeat = false, random = (): number => 0.5, start = beginning} = {},
): Promise<Walk> {
  const settings = readOptions({protocol: tasks, ...options});
  const log: string[] = [];
  const events: OperationEvent[] = [];
  const questions: PollRequest[] = [];
  const waits: number[] = [];
  const coming = [...answers];
  let clock = start;
  const note = (text: string): unknown => log.push(`${clock - beginning} ${text}`);
  const poll = async (question: PollRequest): Promise<Report> => {
    note('poll');
    questions.push(question);
    const answer = (repeat && coming.length === 1 ? coming[0] : coming.shift()) ?? {};
    for (const [error, delay] of answer.retried ?? []) {
      question.onRetry(error, delay);
      clock += delay;
    }
    clock += answer.takes ?? 0;
    return reportOf(answer);
  };
  const take = (step: Step): Step => {
    events.push(...step.events);
    for (const event of step.events) {
      if (event.type === 'waiting') note(`wait ${event.delay} ${event.because}`);
    }
    if ('outcome' in step.next) {
      const {outcome} = step.next;
      note(outcome.status === 'abandoned' ? outcome.reason : outcome.status);
    } else {
      waits.push(step.next.wait);
      clock += step.next.wait;
    }
    return step;
  };
  let step = take(
    firstStep(
      from,
      wallClock(() => clock),
    ),
  );
  while ('wait' in step.next && coming.length > 0) {
    step = take(
      await takeStep(
        step.state,
        {settings, poll, signal, random},
        wallClock(() => clock),
      ),
    );
  }
  return {log, events, questions, waits, last: step};
}

const types = ({events}: Walk): string[] => events.map(({type}) => type);

function errorOf({last}: Walk): OperationError | undefined {
  return 'outcome' in last.next && last.next.outcome.status === 'abandoned' ? last.next.outcome.error : undefined;
}

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

const every4s = {schedule: schedules.fixed(4000)};

describe('the deadline', () => {
  const tenSeconds = {...every4s, totalTimeout: 10_000};
  test.each<[string, PollOptions, readonly Answer[], readonly string[]]>([
    [
      'one last poll takes place just before it, and then it is waited for',
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
      'the last poll takes place a second before a late one',
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

  test('that is none is never reached', async () => {
    const options = {totalTimeout: false, schedule: schedules.fixed(1e12)} as const;
    const {waits, questions} = await walk(options, [running, running, running]);
    expect(waits).toEqual([0, 1e12, 1e12, 1e12]);
    expect(questions.map(({deadlineAt}) => deadlineAt)).toEqual([undefined, undefined, undefined]);
  });

  test('bounds the request', async () => {
    const {questions} = await walk(tenSeconds, [running, running]);
    expect(questions.map(({deadlineAt}) => deadlineAt)).toEqual([beginning + 10_000, beginning + 10_000]);
  });

  test.each<[string, Answer, readonly string[]]>([
    ['and hears the end', succeeded, ['12000 poll', '12000 succeeded']],
    ['and then gives up', running, ['12000 poll', '12000 wait 0 deadline', '12000 timeout']],
  ])('a step that comes late still asks once, without its bound, %s', async (_, answer, expected) => {
    const from = stateOf({dueAt: beginning + 9000, attempt: 3}, tenSeconds);
    const {log, questions} = await walk(tenSeconds, [answer], {from, start: beginning + 12_000, repeat: true});
    expect(log).toEqual(expected);
    expect(questions.map(({deadlineAt}) => deadlineAt)).toEqual([undefined]);
  });

  test('no wait ever goes beyond it, and a poll precedes it, whatever is planned', async () => {
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
          const told = retryAfter[index % retryAfter.length];
          return {
            ...running,
            takes: takes[index % takes.length] ?? 0,
            ...(told === undefined ? {} : {retryAfter: told}),
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
      'begins when the answer has come',
      every4s,
      [{...running, takes: 700}, succeeded],
      ['0 poll', '700 wait 4000 schedule', '4700 poll', '4700 succeeded'],
    ],
  ])('%s', async (_, options, answers, expected) => {
    expect((await walk(options, answers)).log).toEqual(expected);
  });

  test('goes by the chance that is injected', async () => {
    const chances = [0, 0.25, 0.999];
    const {waits} = await walk({}, [running, running, running], {random: () => chances.shift() ?? Number.NaN});
    expect(waits).toEqual([0, 100, Math.ceil(100 + 1400 * 0.25), Math.ceil(100 + 2150 * 0.999)]);
  });

  test('goes by Math.random where none is injected', async () => {
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.125);
    const io = {settings: readOptions({protocol: tasks}), poll: async () => reportOf(running), signal};
    const {next} = await takeStep(
      stateOf(),
      io,
      wallClock(() => beginning),
    );
    random.mockRestore();
    expect(next).toEqual({wait: 213}); // 100 + 900 / 8, a whole number
  });

  test('is the schedule’s by all that it may go by', async () => {
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

  test('the schedule is not asked when the service says', async () => {
    const schedule = jest.fn(() => 5);
    await walk({schedule}, [{...running, retryAfter: 10}, failure(503, 10), succeeded]);
    expect(schedule).not.toHaveBeenCalled();
  });

  test.each<[string, () => unknown, unknown]>([
    ['throws', () => { throw new Error('mine'); }, new Error('mine')], // biome-ignore format: a table
    ['gives NaN', () => Number.NaN, new RangeError('schedule: expected milliseconds from 0 on, got NaN')],
    ['gives Infinity', () => Infinity, new RangeError('schedule: expected milliseconds from 0 on, got Infinity')],
    ['gives a negative number', () => -1, new RangeError('schedule: expected milliseconds from 0 on, got -1')],
    ['gives a text', () => '5', new RangeError('schedule: expected milliseconds from 0 on, got 5')],
    ['gives nothing', () => undefined, new RangeError('schedule: expected milliseconds from 0 on, got undefined')],
    [
      'gives a promise',
      async () => 5,
      new RangeError('schedule: expected milliseconds from 0 on, got [object Promise]'),
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

describe('begin', () => {
  test.each<[string, Partial<WatchState>, number, number, readonly string[]]>([
    ['polls at once', {}, 0, 0, []],
    ['waits for the initial delay', {dueAt: beginning + 5000}, 0, 5000, ['waiting 5000 initialDelay']],
    [
      'waits for what is left of the initial delay',
      {dueAt: beginning + 5000},
      2000,
      3000,
      ['waiting 3000 initialDelay'],
    ],
    [
      'waits for the rest of a wait that was begun before',
      {dueAt: beginning + 5000, attempt: 2},
      1500,
      3500,
      ['waiting 3500 resume'],
    ],
    ['polls at once when the time has come', {dueAt: beginning + 5000, attempt: 2}, 5000, 0, []],
    ['polls at once when the time has passed', {dueAt: beginning + 5000, attempt: 2}, 90_000, 0, []],
    [
      'waits longer than one timer can hold',
      {dueAt: beginning + 1e12, attempt: 2, deadlineAt: undefined},
      0,
      1e12,
      [`waiting ${1e12} resume`],
    ],
  ])('%s', (_, changes, passed, wait, expected) => {
    const {next, events} = firstStep(
      stateOf(changes),
      wallClock(() => beginning + passed),
    );
    expect(next).toEqual({wait});
    expect(
      events.map((event) => (event.type === 'waiting' ? `waiting ${event.delay} ${event.because}` : event.type)),
    ).toEqual(expected);
  });

  test('a resumed wait does not go beyond a deadline that has become shorter', () => {
    const state = stateOf({attempt: 2, dueAt: beginning + 60_000, deadlineAt: beginning + 5000});
    expect(
      firstStep(
        state,
        wallClock(() => beginning + 1000),
      ).next,
    ).toEqual({wait: 3500});
  });
});

describe('what is over', () => {
  const ended = async (): Promise<WatchState> => (await walk({}, [{status: 'failed'}])).last.state;
  const never = async (): Promise<Report> => {
    throw new Error('It was asked');
  };

  test('gives its outcome again, tells nothing and asks nobody', async () => {
    const state = await ended();
    const settings = readOptions({protocol: tasks});
    const steps = [
      firstStep(
        state,
        wallClock(() => beginning),
      ),
      abandon(
        state,
        'stopped',
        undefined,
        wallClock(() => beginning),
      ),
      await takeStep(
        state,
        {settings, poll: never, signal},
        wallClock(() => beginning),
      ),
    ];
    for (const step of steps) {
      expect(step).toMatchObject({
        state,
        events: [],
        machineEvents: [],
        next: {outcome: {status: 'failed', error: {name: 'OperationFailedError'}}},
      });
    }
  });

  test('a watch that was given up must be resumed first', () => {
    const {state} = abandon(
      stateOf(),
      'stopped',
      undefined,
      wallClock(() => beginning),
    );
    expect(() =>
      firstStep(
        state,
        wallClock(() => beginning),
      ),
    ).toThrow('A state that is over has no outcome: resume it first');
  });
});

describe('what is told', () => {
  test.each<[string, PollOptions, readonly Answer[], readonly string[]]>([
    [
      'each status once (row 1)',
      every4s,
      [{status: 'notStarted'}, running, succeeded],
      ['polled', 'notStarted', 'waiting', 'polled', 'running', 'waiting', 'polled', 'succeeded'],
    ],
    [
      'progress when it changes',
      every4s,
      [
        {...running, percentComplete: 40},
        {...running, percentComplete: 40},
        {...running, percentComplete: 60},
      ],
      ['polled', 'progress', 'running', 'waiting', 'polled', 'waiting', 'polled', 'progress', 'waiting'],
    ],
    [
      'an unknown word once (row 11)',
      every4s,
      [{word: 'odd'}, {word: 'odd'}, {word: 'odder'}, running],
      [
        'polled',
        'unknownStatus',
        'waiting',
        'polled',
        'waiting',
        'polled',
        'unknownStatus',
        'waiting',
        'polled',
        'running',
        'waiting',
      ],
    ],
    ['a failed poll', every4s, [failure(503), succeeded], ['retrying', 'waiting', 'polled', 'succeeded']],
    ['no retry of a failure that ends it', every4s, [{fails: pollError(403, {ends: 'forbidden'})}], ['abandoned']],
    [
      'a retry within a poll',
      every4s,
      [
        {
          ...succeeded,
          retried: [
            [pollError(503), 500],
            [pollError(undefined), 900],
          ],
        },
      ],
      ['retrying', 'retrying', 'polled', 'succeeded'],
    ],
    [
      'a new location',
      every4s,
      [{...running, relocation: {followed: true, location: 'https://graph.example/y'}}, succeeded],
      ['polled', 'running', 'relocated', 'waiting', 'polled', 'succeeded'],
    ],
  ])('%s', async (_, options, answers, expected) => {
    expect(types(await walk(options, answers))).toEqual(expected);
  });

  test('every event says where, when, which poll and by which answer, and is frozen', async () => {
    const {events} = await walk(every4s, [{...running, takes: 30}, failure(503), succeeded]);
    const facts = events.map(({type, location: where, attempt, at, answer, operation}) => {
      return [type, where === location, attempt, at - beginning, answer?.httpStatus, operation?.status];
    });
    expect(facts).toEqual([
      ['polled', true, 1, 30, 200, 'running'],
      ['running', true, 1, 30, 200, 'running'],
      ['waiting', true, 1, 30, 200, 'running'],
      ['retrying', true, 2, 4030, 503, 'running'],
      ['waiting', true, 2, 4030, 503, 'running'],
      ['polled', true, 3, 8030, 200, 'succeeded'],
      ['succeeded', true, 3, 8030, 200, 'succeeded'],
    ]);
    expect(events.every((event) => Object.isFrozen(event))).toBe(true);
  });

  test('a retry within a poll is heard while it lasts, and then it is in no step', async () => {
    const heard: string[] = [];
    const states: WatchState[] = [];
    const error = pollError(503);
    const poll = async ({onRetry}: PollRequest): Promise<Report> => {
      onRetry(error, 500);
      return reportOf(succeeded);
    };
    const step = await takeStep(
      stateOf(),
      {
        settings: readOptions({protocol: tasks}),
        poll,
        signal,
        onChange: ({events, machineEvents, state}) => {
          heard.push(...events.map(({type}) => type), ...machineEvents.map(({type}) => type));
          states.push(state);
        },
      },
      wallClock(() => beginning),
    );
    expect(heard).toEqual(['retrying', 'retry']);
    expect(states.map(({dueAt, attempt, observed}) => [dueAt - beginning, attempt, observed])).toEqual([
      [500, 0, {503: 1}],
    ]);
    expect(step.events.map(({type}) => type)).toEqual(['polled', 'succeeded']);
    expect(step.machineEvents.map(({type}) => type)).toEqual(['report']);
    expect(step.state).toMatchObject({attempt: 1, observed: {503: 1, succeeded: 1}});
  });

  test('the next poll goes to the new location, and its query is shown only at home', async () => {
    const there = 'https://elsewhere.example/monitor?sig=SECRET';
    const {questions, events, last} = await walk(every4s, [
      {...running, relocation: {followed: true, location: there}},
      running,
    ]);
    expect(questions.map((question) => [question.location, question.tokenOrigin])).toEqual([
      [location, 'https://graph.example'],
      [there, 'https://graph.example'],
    ]);
    expect(events.find(({type}) => type === 'relocated')).toMatchObject({
      from: location,
      to: 'https://elsewhere.example/monitor',
    });
    expect(JSON.stringify(events)).not.toContain('SECRET');
    expect(last.state.location).toBe(there);
  });

  test('a move that comes with the end is not followed', async () => {
    const {last, events} = await walk(every4s, [
      {...succeeded, relocation: {followed: true, location: 'https://graph.example/y'}},
    ]);
    expect([last.state.location, events.length]).toEqual([location, 2]);
  });

  test('the same events as the machineEvents give to an actor', async () => {
    const {last} = await walk(every4s, [
      {...running, relocation: {followed: true, location: 'https://graph.example/y'}},
    ]);
    expect(last.machineEvents.map(({type}) => type)).toEqual(['report', 'relocate', 'wait']);
  });
});

describe('stalled', () => {
  const options = {schedule: schedules.fixed(1000), stalledAfter: 3000};
  const stalls = ({events}: Walk): number[] =>
    events.flatMap(({type, at}) => (type === 'stalled' ? [at - beginning] : []));
  const same = Array<Answer>(8).fill(running);

  test.each<[string, PollOptions, readonly Answer[], readonly number[]]>([
    ['is told once, when nothing has changed for so long', options, same, [3000]],
    ['is not told a millisecond before', {...options, stalledAfter: 7001}, same, []],
    ['is told at that millisecond', {...options, stalledAfter: 7000}, same, [7000]],
    ['is never told when it is turned off', {...options, stalledAfter: false}, same, []],
    [
      'is told again after a change',
      options,
      [...same.slice(0, 5), ...Array<Answer>(5).fill({...running, percentComplete: 5})],
      [3000, 8000],
    ],
    ['is put off by progress', options, same.map((answer, index) => ({...answer, percentComplete: index})), []],
    ['is told of a service that has only unknown words', options, Array<Answer>(6).fill({word: 'odd'}), [3000]],
    ['is not told of an operation that ends', options, [running, {...succeeded, takes: 9000}], []],
  ])('%s', async (_, given, answers, expected) => {
    expect(stalls(await walk(given, answers))).toEqual(expected);
  });

  test('says since when', async () => {
    const {events} = await walk(options, same);
    expect(events.find(({type}) => type === 'stalled')).toMatchObject({since: beginning});
  });
});

describe('failures', () => {
  const options = {schedule: schedules.fixed(1000), consecutiveFailures: 3, retry: {retries: 2}};
  const refused = pollError(undefined, {code: 'ECONNREFUSED'});
  const unreadable: Answer = {fails: pollError(200, {kind: 'protocol', transient: false})};
  const many = (answer: Answer): Answer[] => Array<Answer>(12).fill(answer);

  test.each<[string, readonly Answer[], number, string]>([
    ['in a row end it', many(failure(503)), 3, 'unreachable'],
    ['without an answer end it', many({fails: refused}), 3, 'unreachable'],
    ['of different kinds count together', [failure(500), unreadable, failure(503)], 3, 'unreachable'],
    ['that cannot be read end it as a matter of protocol', many(unreadable), 3, 'protocol'],
    [
      'that a retry cannot mend end it as a matter of protocol',
      many({fails: pollError(400, {transient: false})}),
      3,
      'protocol',
    ],
    [
      'of the token option end it as unauthorized',
      many({fails: pollError(undefined, {kind: 'token', transient: false})}),
      3,
      'unauthorized',
    ],
    ['are forgotten after an answer', [failure(503), failure(503), running, ...many(failure(503))], 6, 'unreachable'],
    [
      'are forgotten after an unknown word',
      [failure(503), failure(503), {word: 'odd'}, ...many(failure(503))],
      6,
      'unreachable',
    ],
    ['with a Retry-After count as many as retries would', many(failure(503, 100)), 9, 'unreachable'],
    ['of 429 with a short Retry-After count likewise', many(failure(429, 999)), 9, 'unreachable'],
    ['of 429 without a Retry-After count', many(failure(429)), 3, 'unreachable'],
  ])('%s', async (_, answers, polls, reason) => {
    const {log} = await walk({...options, totalTimeout: false}, answers);
    expect(log.filter((line) => line.endsWith(' poll'))).toHaveLength(polls);
    expect(log.at(-1)?.split(' ')[1]).toBe(reason);
  });

  test.each<[string, Answer]>([
    ['429 with a Retry-After of a second', failure(429, 1000)],
    ['404 within the grace', failure(404)],
  ])('%s is none', async (_, answer) => {
    const {last, log} = await walk({...options, notFoundGrace: 60_000}, many(answer));
    expect(last.next).toMatchObject({wait: expect.any(Number)});
    expect([last.state.failures, last.state.deferredAttempts, last.state.attempt]).toEqual([0, 0, 12]);
    expect(log.filter((line) => line.endsWith(' poll'))).toHaveLength(12);
  });

  test('are counted: which kinds, how many, how many put off', async () => {
    const answers = [failure(503), failure(503, 100), {fails: refused}, failure(404), unreadable, running];
    const counts: unknown[] = [];
    let from = stateOf();
    for (const answer of answers) {
      const {last} = await walk({...options, consecutiveFailures: 9}, [answer], {from});
      from = {...last.state, dueAt: beginning};
      counts.push([from.failures, from.deferredAttempts, from.missingSince !== undefined]);
    }
    expect(counts).toEqual([
      [1, 0, false],
      [1, 1, false],
      [2, 0, false],
      [2, 0, true],
      [3, 0, true],
      [0, 0, false],
    ]);
    expect(from.observed).toEqual({503: 2, network: 1, 404: 1, protocol: 1, running: 1});
    expect(from.attempt).toBe(6);
  });

  test.each<[string, PollOptions, readonly Answer[], readonly string[]]>([
    [
      'is tolerated for so long and no longer',
      {notFoundGrace: 2000},
      many(failure(404)),
      ['0 poll', '1000 poll', '2000 poll', '2000 notFound'],
    ],
    ['is not tolerated without a grace', {notFoundGrace: 0}, many(failure(404)), ['0 poll', '0 notFound']],
    [
      'is tolerated anew after an answer, from the first on',
      {notFoundGrace: 2000},
      [failure(404), running, ...many(failure(404))],
      ['0 poll', '1000 poll', '2000 poll', '3000 poll', '4000 poll', '4000 notFound'],
    ],
    [
      'is followed by what there is',
      {notFoundGrace: 2000},
      [failure(404), failure(404), succeeded],
      ['0 poll', '1000 poll', '2000 poll', '2000 succeeded'],
    ],
  ])('404 %s (row 19)', async (_, given, answers, expected) => {
    const {log} = await walk({...options, ...given}, answers);
    expect(log.filter((line) => !line.includes('wait'))).toEqual(expected);
  });
});

describe('giving up', () => {
  const options = {schedule: schedules.fixed(1000), consecutiveFailures: 1};
  const cause = pollError(503);
  const ends = (reason: 'unauthorized' | 'forbidden' | 'notFound' | 'protocol', httpStatus: number): Answer => ({
    fails: pollError(httpStatus, {ends: reason, transient: false}),
  });

  test.each<[string, PollOptions, Answer, new (...args: never[]) => OperationError, string]>([
    ['timeout', {totalTimeout: 1}, running, WatchTimeoutError, `${location} had not ended within 1 ms: it is running`],
    [
      'unauthorized',
      {},
      ends('unauthorized', 401),
      UnauthorizedError,
      `No token that ${location} accepts: It answered 401`,
    ],
    [
      'forbidden',
      {},
      ends('forbidden', 403),
      ForbiddenError,
      `${location} may not be seen by this caller: It answered 403`,
    ],
    [
      'notFound',
      {},
      ends('notFound', 410),
      OperationNotFoundError,
      `There is no operation at ${location}: It answered 410`,
    ],
    [
      'protocol',
      {},
      ends('protocol', 200),
      ProtocolError,
      `${location} does not answer as its protocol says: It answered 200`,
    ],
    [
      'unreachable',
      {},
      {fails: cause},
      UnreachableError,
      `${location} could not be reached in 1 polls in a row: It answered 503`,
    ],
    [
      'unknownStatus',
      {unknownStatus: 'fail'},
      {word: 'odd'},
      UnknownStatusError,
      `${location} has the unknown status "odd"`,
    ],
  ])('%s', async (reason, given, answer, type, message) => {
    const gone = await walk({...options, ...given}, [answer], {repeat: true});
    const error = errorOf(gone);
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({name: type.name, message, location, attempts: 1});
    expect(error?.cause).toBe(answer.fails);
    expect(gone.last.state).toMatchObject({abandoned: reason, endedAt: expect.any(Number)});
    expect(gone.events.at(-1)).toMatchObject({type: 'abandoned', reason, error});
    expect(gone.events.filter(({type}) => type === 'abandoned')).toHaveLength(1);
  });

  test('a time-out before anything was known says so', async () => {
    const error = errorOf(await walk({totalTimeout: 1}, [{...failure(503), takes: 5}]));
    expect(error?.message).toBe(`${location} had not ended within 5 ms: no status was seen`);
  });

  test('the error carries what was known, and a token that goes on', async () => {
    const gone = await walk({...options, consecutiveFailures: 2}, [
      {...running, takes: 20},
      failure(503),
      failure(503),
    ]);
    const error = errorOf(gone);
    expect(error).toMatchObject({
      operation: operationOf('running'),
      attempts: 3,
      elapsed: 2020,
      observed: {running: 1, 503: 2},
      clientRequestId: 'client-request',
    });
    const token = error?.resumeToken;
    expect(readResumeToken(JSON.stringify(token))).toMatchObject({
      abandoned: 'unreachable',
      operation: operationOf('running'),
      attempt: 3,
      endedAt: beginning + 2020,
    });
    expect(Object.keys(error ?? {})).not.toContain('resumeToken');
  });

  test('the word that ended it is on the error', async () => {
    const error = errorOf(await walk({unknownStatus: 'fail'}, [{word: 'odd'}]));
    expect(error).toMatchObject({rawStatus: 'odd', requestId: 'r'});
  });

  test.each([
    ['aborted', new Error('enough')],
    ['aborted', undefined],
    ['stopped', 'by the user'],
    ['stopped', undefined],
  ] as const)('from outside: %s because of %p', (reason, why) => {
    const {next, state, events} = abandon(
      stateOf({attempt: 2}),
      reason,
      why,
      wallClock(() => beginning + 500),
    );
    const error = 'outcome' in next && next.outcome.status === 'abandoned' ? next.outcome.error : undefined;
    expect(error).toBeInstanceOf(WatchAbortedError);
    expect(error).toMatchObject({
      message: expect.stringContaining(`was ${reason}; the operation goes on`),
      attempts: 2,
      elapsed: 500,
    });
    expect(error?.cause).toBe(why);
    expect(state).toMatchObject({abandoned: reason, endedAt: beginning + 500});
    expect(events.map(({type}) => type)).toEqual(['abandoned']);
  });

  test('what the poll throws when it is aborted is thrown on', async () => {
    const io = {settings: readOptions(), signal, poll: () => Promise.reject(new Error('aborted'))};
    await expect(
      takeStep(
        stateOf(),
        io,
        wallClock(() => beginning),
      ),
    ).rejects.toThrow('aborted');
  });
});
