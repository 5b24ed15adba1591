import {describe, expect, jest, test} from '@jest/globals';
import {transitionsOf} from '../../src/machine/transitions.ts';
import {
  ForbiddenError,
  type OperationError,
  OperationNotFoundError,
  ProtocolError,
  UnauthorizedError,
  UnknownStatusError,
  UnreachableError,
  WatchAbortedError,
  WatchTimeoutError,
} from '../../src/operation/errors.ts';
import {readResumeToken} from '../../src/operation/read-resume-token.ts';
import type {WatchState} from '../../src/operation/state.ts';
import type {WatchEvent} from '../../src/operation/watch-event.ts';
import type {PollOptions} from '../../src/options/poll-options.ts';
import {readOptions} from '../../src/options/settings.ts';
import type {PollRequest, Report} from '../../src/polling/poll.ts';
import {abandon, firstStep, step as takeStep, wake} from '../../src/polling/step.ts';
import type {Change, Step} from '../../src/polling/step-builder.ts';
import * as schedules from '../../src/schedule/schedules.ts';
import {allTransitions, withoutTransition} from '../machine/variants.ts';
import {beginning, clockAt, location, operationOf, pollError, stateOf, tasks} from '../support/core.ts';
import {type Answer, every4s, failure, reportOf, running, signal, succeeded, types, type Walk, walk} from './walk.ts';

function errorOf({last}: Walk): OperationError | undefined {
  return 'outcome' in last.next && last.next.outcome.status === 'abandoned' ? last.next.outcome.error : undefined;
}

describe('the first step', () => {
  test.each<[string, Partial<WatchState>, number, number, readonly string[]]>([
    ['polls at once', {}, 0, 0, []],
    ['waits for the initial delay', {dueAt: beginning + 5000}, 0, 5000, ['waiting 5000 initialDelay']],
    ['waits for the rest of the initial delay', {dueAt: beginning + 5000}, 2000, 3000, ['waiting 3000 initialDelay']],
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
    const {next, events} = firstStep(stateOf(changes), clockAt(passed));
    expect(next).toEqual({wait});
    expect(
      events.map((event) => (event.type === 'waiting' ? `waiting ${event.delay} ${event.because}` : event.type)),
    ).toEqual(expected);
  });

  test.each([
    ['of one millisecond is waited for', {dueAt: beginning + 1, attempt: 1}, 1],
    ['until the deadline, after the last poll, is kept', {dueAt: beginning + 5000, attempt: 1}, 5000],
    ['until the deadline, before any poll, leaves time for one', {dueAt: beginning + 5000, attempt: 0}, 4500],
  ])('a wait %s', (_, changes, wait) => {
    expect(firstStep(stateOf({deadlineAt: beginning + 5000, ...changes}), clockAt()).next).toEqual({wait});
  });

  test('a resumed wait does not go beyond a deadline that has become shorter', () => {
    const state = stateOf({attempt: 2, dueAt: beginning + 60_000, deadlineAt: beginning + 5000});
    expect(firstStep(state, clockAt(1000)).next).toEqual({wait: 3500});
  });
});

describe('a hint that the operation may have changed', () => {
  // A second after the beginning.
  test.each<
    [string, {readonly dueAt: number; readonly notBefore?: number; readonly endedAt?: number}, number | undefined]
  >([
    ['ends a wait at once', {dueAt: 5000}, 0],
    ['ends a wait when the service allows a poll', {dueAt: 5000, notBefore: 3000}, 2000],
    ['ends a wait by a millisecond', {dueAt: 3001, notBefore: 3000}, 2000],
    ['ends a wait at once where a poll has been allowed for long', {dueAt: 5000, notBefore: 400}, 0],
    ['ends no wait that is over when the service allows a poll', {dueAt: 3000, notBefore: 3000}, undefined],
    ['ends no wait that is over now', {dueAt: 1000}, undefined],
    ['does nothing where watching is over', {dueAt: 5000, endedAt: 500}, undefined],
  ])('%s', (_, times, wait) => {
    const changes = Object.fromEntries(Object.entries(times).map(([name, time]) => [name, beginning + time]));
    const step = wake(stateOf({attempt: 1, ...changes}), clockAt(1000));
    if (wait === undefined) expect(step).toBeUndefined();
    else {
      const dueAt = beginning + 1000 + wait;
      expect(step?.next).toEqual({wait});
      // The next hint makes a poll 100 ms later at the earliest.
      expect(step?.state).toMatchObject({dueAt, notBefore: dueAt + 100});
      expect(step?.events).toMatchObject([{type: 'waiting', delay: wait, because: 'wake'}]);
    }
  });
});

test.each([
  ['for some time', 5500, 5000],
  ['for no longer', 500, 0],
  ['until a time that has passed', 300, 0],
])('a poll that is held back %s says so', async (_, until, delay) => {
  const events: unknown[] = [];
  const poll = async ({onHeldBack}: PollRequest): Promise<Report> => {
    onHeldBack?.(beginning + until);
    return reportOf(running);
  };
  const onChange = (change: Change): void => void events.push(...change.events);
  await takeStep(stateOf(), {settings: readOptions({protocol: tasks}), poll, signal, onChange}, clockAt(500));
  expect(events).toMatchObject([{type: 'waiting', delay, because: 'heldBack', at: beginning + 500}]);
});

describe('a schedule that learns is called at an end', () => {
  const endedAt = async (elapsed: number, changes: Partial<WatchState>, ended: () => void): Promise<Step> => {
    const schedule = Object.assign(() => 1, {ended});
    const settings = readOptions({protocol: tasks, schedule});
    return takeStep(stateOf(changes), {settings, poll: async () => reportOf(succeeded), signal}, clockAt(elapsed));
  };

  test.each<[string, number, number | undefined, number, number]>([
    ['after the poll before', 5000, 3000, 5000, 3000],
    ['after the start where there was none', 5000, undefined, 5000, 0],
    ['by a clock that was set back', -5000, -3000, 0, 0],
  ])('%s', async (_, at, seen, elapsed, after) => {
    const ended = jest.fn();
    const changes = seen === undefined ? {} : {lastSeenAt: beginning + seen};
    await endedAt(at, changes, ended);
    expect(ended.mock.calls).toEqual([[{elapsed, after, operation: operationOf('succeeded')}]]);
  });

  test('and what it throws is reported to the host', async () => {
    const reportError = jest.fn();
    Object.defineProperty(globalThis, 'reportError', {value: reportError, configurable: true});
    const error = new Error('mine');
    const {next} = await endedAt(0, {}, () => {
      throw error;
    });
    Reflect.deleteProperty(globalThis, 'reportError');
    expect(next).toMatchObject({outcome: {status: 'succeeded'}});
    expect(reportError.mock.calls).toEqual([[error]]);
  });
});

describe('what is over', () => {
  const ended = async (): Promise<WatchState> => (await walk({}, [{status: 'failed'}])).last.state;
  const never = async (): Promise<Report> => {
    throw new Error('It was polled');
  };

  test('gives its outcome again, emits nothing and sends no request', async () => {
    const state = await ended();
    const settings = readOptions({protocol: tasks});
    const steps = [
      firstStep(state, clockAt()),
      abandon(state, 'stopped', undefined, clockAt()),
      await takeStep(state, {settings, poll: never, signal}, clockAt()),
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

  test('an abandoned watch must be resumed first', () => {
    const {state} = abandon(stateOf(), 'stopped', undefined, clockAt());
    expect(() => firstStep(state, clockAt())).toThrow('A state that is over has no outcome: resume it first');
  });
});

describe('what is emitted', () => {
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

  test('a retry within a poll is emitted while the poll lasts, and is then in no step', async () => {
    const during: string[] = [];
    const states: WatchState[] = [];
    const answers: unknown[] = [];
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
          during.push(...events.map(({type}) => type), ...machineEvents.map(({type}) => type));
          answers.push(...events.map(({answer}) => answer));
          states.push(state);
        },
      },
      clockAt(),
    );
    expect(during).toEqual(['retrying', 'retry']);
    expect(answers).toEqual([{httpStatus: 503, clientRequestId: expect.any(String)}]);
    expect(states.map(({dueAt, attempt, observed}) => [dueAt - beginning, attempt, observed])).toEqual([
      [500, 0, {503: 1}],
    ]);
    expect(step.events.map(({type}) => type)).toEqual(['polled', 'succeeded']);
    expect(step.machineEvents.map(({type}) => type)).toEqual(['report']);
    expect(step.state).toMatchObject({attempt: 1, observed: {503: 1, succeeded: 1}});
  });

  test('the next poll goes to the new location, whose query is shown only on the origin of the token', async () => {
    const there = 'https://elsewhere.example/monitor?sig=SECRET';
    const {requests, events, last} = await walk(every4s, [
      {...running, relocation: {followed: true, location: there}},
      running,
    ]);
    expect(requests.map((request) => [request.location, request.tokenOrigin])).toEqual([
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

  test('the events of the machine, for an actor', async () => {
    const {last} = await walk(every4s, [
      {...running, relocation: {followed: true, location: 'https://graph.example/y'}},
    ]);
    expect(last.machineEvents.map(({type}) => type)).toEqual(['report', 'relocate', 'wait']);
  });
});

describe('a transition that the machine does not have', () => {
  const all: readonly Answer[] = [
    {...running, retried: [[pollError(503), 5]]},
    {word: 'odd'},
    failure(500),
    {...running, relocation: {followed: true, location: 'https://graph.example/y'}},
    {...running, takes: 3000},
  ];
  const options = {...every4s, stalledAfter: 3000};
  const others = allTransitions.filter(({from, type}) => from === 'running' && type !== 'report' && type !== 'abandon');

  test.each(others.map((one) => [one.type, one] as const))(
    '%s changes nothing and reaches no actor',
    async (type, one) => {
      const from = stateOf({operation: operationOf('running'), highestStatus: 'running'});
      const real = await walk(options, all, {from});
      const variant = await walk(options, all, {from, transitions: transitionsOf(withoutTransition(one))});
      const taken = (machineEvents: readonly WatchEvent[]) => machineEvents.map((event) => event.type);
      expect(new Set(taken(real.machineEvents))).toEqual(new Set(['report', ...others.map((other) => other.type)]));
      expect(taken(variant.machineEvents)).toEqual(taken(real.machineEvents).filter((other) => other !== type));
      expect(variant.requests).toHaveLength(all.length);
    },
  );
});

describe('stalled', () => {
  const options = {schedule: schedules.fixed(1000), stalledAfter: 3000};
  const stalls = ({events}: Walk): number[] =>
    events.flatMap(({type, at}) => (type === 'stalled' ? [at - beginning] : []));
  const same = Array<Answer>(8).fill(running);

  test.each<[string, PollOptions, readonly Answer[], readonly number[]]>([
    ['is emitted once, when nothing has changed for that long', options, same, [3000]],
    ['is not emitted a millisecond earlier', {...options, stalledAfter: 7001}, same, []],
    ['is emitted at that millisecond', {...options, stalledAfter: 7000}, same, [7000]],
    ['is never emitted when it is turned off', {...options, stalledAfter: false}, same, []],
    [
      'is emitted again after a change',
      options,
      [...same.slice(0, 5), ...Array<Answer>(5).fill({...running, percentComplete: 5})],
      [3000, 8000],
    ],
    ['is put off by progress', options, same.map((answer, index) => ({...answer, percentComplete: index})), []],
    ['is emitted for a service that has only unknown words', options, Array<Answer>(6).fill({word: 'odd'}), [3000]],
    ['is not emitted for an operation that ends', options, [running, {...succeeded, takes: 9000}], []],
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
      'that no retry can fix end it as a matter of protocol',
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
    ['are reset by an answer', [failure(503), failure(503), running, ...many(failure(503))], 6, 'unreachable'],
    [
      'are reset by an unknown word',
      [failure(503), failure(503), {word: 'odd'}, ...many(failure(503))],
      6,
      'unreachable',
    ],
    [
      'that no retry can fix count also with a Retry-After',
      many({fails: pollError(400, {transient: false, retryAfter: 100})}),
      3,
      'protocol',
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
    ['404 within the grace period', failure(404)],
  ])('%s is none', async (_, answer) => {
    const {last, log} = await walk({...options, notFoundGrace: 60_000}, many(answer));
    expect(last.next).toMatchObject({wait: expect.any(Number)});
    expect([last.state.failures, last.state.deferredAttempts, last.state.attempt]).toEqual([0, 0, 12]);
    expect(log.filter((line) => line.endsWith(' poll'))).toHaveLength(12);
  });

  test('are counted: which kinds, how many, how many deferred', async () => {
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
      'is tolerated within the grace period and no longer',
      {notFoundGrace: 2000},
      many(failure(404)),
      ['0 poll', '1000 poll', '2000 poll', '2000 notFound'],
    ],
    ['is not tolerated without a grace period', {notFoundGrace: 0}, many(failure(404)), ['0 poll', '0 notFound']],
    [
      'starts a new grace period after an answer, from the first 404 on',
      {notFoundGrace: 2000},
      [failure(404), running, ...many(failure(404))],
      ['0 poll', '1000 poll', '2000 poll', '3000 poll', '4000 poll', '4000 notFound'],
    ],
    [
      'is forgiven to a service that then fails otherwise: watching goes on after the grace period',
      {notFoundGrace: 1500},
      [failure(404), failure(404), failure(503), failure(503), succeeded],
      ['0 poll', '1000 poll', '2000 poll', '3000 poll', '4000 poll', '4000 succeeded'],
    ],
    [
      'gives way to the operation once it is there',
      {notFoundGrace: 2000},
      [failure(404), failure(404), succeeded],
      ['0 poll', '1000 poll', '2000 poll', '2000 succeeded'],
    ],
  ])('404 %s (row 19)', async (_, given, answers, expected) => {
    const {log} = await walk({...options, ...given}, answers);
    expect(log.filter((line) => !line.includes('wait'))).toEqual(expected);
  });
});

describe('abandoning', () => {
  const options = {schedule: schedules.fixed(1000), consecutiveFailures: 1};

  test('keeps the wait that the answer asks for, for whoever resumes', async () => {
    const error = errorOf(await walk({...options, retry: {retries: 0}}, [failure(503, 60_000)]));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error?.resumeToken).toMatchObject({notBefore: beginning + 60_000});
  });
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
      `There is no valid token for ${location}: It answered 401`,
    ],
    ['forbidden', {}, ends('forbidden', 403), ForbiddenError, `This caller may not read ${location}: It answered 403`],
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
      `${location} does not respond as its protocol says: It answered 200`,
    ],
    [
      'unreachable',
      {},
      {fails: cause},
      UnreachableError,
      `${location} could not be reached in 1 poll: It answered 503`,
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

  test('a time-out before any status was seen says so', async () => {
    const error = errorOf(await walk({totalTimeout: 1}, [{...failure(503), takes: 5}]));
    expect(error?.message).toBe(`${location} had not ended within 5 ms: no status was seen`);
  });

  test('the error carries what was known, and a token to resume with', async () => {
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

  test('of a long word, events and errors have the first 100 characters', async () => {
    const {next, events} = (await walk({unknownStatus: 'fail'}, [{word: 'x'.repeat(5000)}])).last;
    const error = 'outcome' in next && next.outcome.status === 'abandoned' ? next.outcome.error : undefined;
    const rawStatus = 'x'.repeat(100);
    expect(error).toMatchObject({rawStatus, message: expect.stringMatching(/"x{100}"$/)});
    expect(events).toContainEqual(expect.objectContaining({type: 'unknownStatus', rawStatus}));
  });

  test('the wait that came with that word is in the resume token', async () => {
    const error = errorOf(await walk({unknownStatus: 'fail'}, [{word: 'odd', retryAfter: 30_000}]));
    expect(error?.resumeToken).toMatchObject({abandoned: 'unknownStatus', notBefore: beginning + 30_000});
  });

  test.each([
    ['aborted', new Error('enough')],
    ['aborted', undefined],
    ['stopped', 'by the user'],
    ['stopped', undefined],
  ] as const)('from outside: %s because of %p', (reason, why) => {
    const {next, state, events} = abandon(stateOf({attempt: 2}), reason, why, clockAt(500));
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

  test('what an aborted poll throws is passed on', async () => {
    const io = {settings: readOptions(), signal, poll: () => Promise.reject(new Error('aborted'))};
    await expect(takeStep(stateOf(), io, clockAt())).rejects.toThrow('aborted');
  });
});
