import {inspect} from 'node:util';
import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import {
  type OperationEvent,
  OperationFailedError,
  protocols,
  ResultUnavailableError,
  type RetryingEvent,
  schedules,
  UnauthorizedError,
  UnreachableError,
  WatchTimeoutError,
} from 'operation-poller';
import {type DurableHost, type DurableOptions, watchDurably, watchDurablyInRuns} from 'operation-poller/durable';
import {beginning, location, tasks} from '../support/core.ts';
import {Journal, Killed} from './support/journal.ts';
import {factsOf, says, service, settle, type TransportResponse} from './support/service.ts';

let journal: Journal;

beforeEach(() => {
  journal = new Journal(beginning);
  settle(journal);
});

afterEach(() => {
  jest.restoreAllMocks();
});

const replies =
  (...answers: readonly TransportResponse[]) =>
  (recorded: number): TransportResponse =>
    answers[Math.min(recorded, answers.length - 1)] as TransportResponse;

const watch = (
  options: DurableOptions & {readonly answers: readonly TransportResponse[]},
  host: DurableHost = journal.host(),
) => {
  const {answers, ...others} = options;
  const http = service(replies(...answers), journal);
  return watchDurably(host, location, {protocol: tasks, schedule: schedules.fixed(1000), http, ...others});
};

describe('the steps of a workflow', () => {
  test('are the time of the beginning, and each poll and each wait by its number', async () => {
    const outcome = await watch({answers: [says('notStarted'), says('running'), says('succeeded')], initialDelay: 500});
    expect(outcome.status).toBe('succeeded');
    expect(journal.steps).toEqual([
      'begin',
      'wait 0: 500',
      'poll 1',
      'wait 1: 1000',
      'poll 2',
      'wait 2: 1000',
      'poll 3',
    ]);
  });

  test('have the name given before theirs', async () => {
    await watch({answers: [says('running'), says('succeeded')], name: 'reset'});
    expect(journal.steps).toEqual(['reset: begin', 'reset: poll 1', 'reset: wait 1: 1000', 'reset: poll 2']);
  });

  test('wait as long as the service says, for that one wait', async () => {
    const busy = {...says('running'), headers: {'retry-after': '3'}};
    await watch({answers: [busy, says('running'), says('succeeded')]});
    expect(journal.steps).toEqual(['begin', 'poll 1', 'wait 1: 3000', 'poll 2', 'wait 2: 1000', 'poll 3']);
  });

  test('leave out a wait of nothing', async () => {
    await watch({answers: [says('running'), says('succeeded')], schedule: schedules.fixed(0)});
    expect(journal.steps).toEqual(['begin', 'poll 1', 'poll 2']);
  });

  test('take their jitter from what was recorded', async () => {
    const schedule = schedules.exponential({initial: 1000, factor: 1, jitter: 'full'});
    await watch({answers: [says('running'), says('running'), says('succeeded')], schedule});
    const records = journal.entries.filter(({kind}) => kind === 'run').map(({value}) => value as {random: number});
    const waits = journal.entries.filter(({kind}) => kind === 'sleep').map(({value}) => value);
    expect(waits).toEqual(records.slice(0, 2).map(({random}) => Math.ceil(random * 1000)));
  });
});

describe('82: a hint', () => {
  test('ends a wait of the schedule, and the next poll is made at once', async () => {
    journal.hints = new Map([['wait 1', 300]]);
    const events: OperationEvent[] = [];
    await watch({
      answers: [says('notStarted'), says('running'), says('succeeded')],
      onEvent: (event) => void events.push(event),
    });
    const steps = ['begin', 'poll 1', 'wait 1: 300', 'wake 1', 'poll 2', 'wait 2: 1000', 'poll 3'];
    expect(journal.steps).toEqual(steps);
    const waits = events.flatMap((event) => (event.type === 'waiting' ? [[event.because, event.delay]] : []));
    expect(waits).toEqual([
      ['schedule', 1000],
      ['wake', 0],
      ['schedule', 1000],
    ]);
  });

  test('does not end a wait that the service asked for', async () => {
    journal.hints = new Map([['wait 1', 300]]);
    await watch({answers: [{...says('running'), headers: {'retry-after': '3'}}, says('succeeded')]});
    expect(journal.steps).toEqual([
      'begin',
      'poll 1',
      'wait 1: 300',
      'wake 1',
      'wait 1 after the hint: 2700',
      'poll 2',
    ]);
  });

  test('that ended the wait between two runs makes the first poll of the next one at once', async () => {
    const http = service(replies(says('running'), says('succeeded')), journal);
    const options = {protocol: tasks, schedule: schedules.fixed(60_000), http, pollsPerRun: 1};
    const first = await watchDurablyInRuns(journal.host(), location, options);
    if (!('continueWith' in first)) throw new Error('The watch is over');
    const host = {...journal.host(), now: () => journal.now + 1000};
    const run = await watchDurablyInRuns(
      {...host, run: (_, work) => work(), sleep: () => Promise.reject(new Error('It waits'))},
      first.continueWith,
      {...options, woken: true},
    );
    expect(run).toMatchObject({outcome: {status: 'succeeded'}});
  });
});

describe('the outcome', () => {
  test('of an operation that failed is returned, not thrown', async () => {
    const outcome = await watch({answers: [says('failed', {error: {code: 'policy', message: 'no'}})]});
    if (outcome.status !== 'failed') throw new Error(outcome.status);
    expect(outcome.error).toBeInstanceOf(OperationFailedError);
    expect(outcome.error.attempts).toBe(1);
  });

  test('has the failed request as its cause, with the fields that are recorded', async () => {
    const busy = {http: 503, body: {error: {code: 'busy', message: 'later'}}, headers: {'request-id': 'r-1'}};
    const outcome = await watch({answers: [busy], consecutiveFailures: 2, retry: {retries: 0}});
    if (outcome.status !== 'abandoned') throw new Error(outcome.status);
    expect(outcome.error).toBeInstanceOf(UnreachableError);
    expect(outcome.error.cause).toMatchObject({name: 'PollError', httpStatus: 503, code: 'busy', requestId: 'r-1'});
    expect(outcome.error.observed).toEqual({503: 2});
  });

  test('is unauthorized at a 401', async () => {
    const outcome = await watch({answers: [{http: 401, body: {}}], token: 'a-token'});
    if (outcome.status !== 'abandoned') throw new Error(outcome.status);
    expect(outcome.error).toBeInstanceOf(UnauthorizedError);
  });

  test('is a time-out after one last poll before the deadline', async () => {
    const outcome = await watch({answers: [says('running')], totalTimeout: 5000, schedule: schedules.fixed(60_000)});
    if (outcome.status !== 'abandoned') throw new Error(outcome.status);
    expect(outcome.error).toBeInstanceOf(WatchTimeoutError);
    expect(outcome.error).toMatchObject({attempts: 2, elapsed: 5000});
    expect(journal.steps).toEqual(['begin', 'poll 1', 'wait 1: 4500', 'poll 2', 'wait 2: 500']);
  });

  test('comes from one more poll, which may be after the deadline', async () => {
    const host = journal.host();
    const late: DurableHost = {
      ...host,
      sleep: async (name, milliseconds) => {
        await host.sleep(name, milliseconds);
        journal.now += 3_600_000; // everything was down
      },
    };
    const outcome = await watch({answers: [says('running'), says('succeeded')], totalTimeout: 5000}, late);
    expect(outcome.status).toBe('succeeded');
  });

  test('of an ended operation needs no poll', async () => {
    const outcome = await watch({answers: [says('failed')]});
    if (outcome.status !== 'failed' || outcome.error.resumeToken === undefined) throw new Error(outcome.status);
    const again = new Journal(beginning);
    const resumed = await watchDurably(again.host(), outcome.error.resumeToken, {protocol: tasks});
    expect(factsOf(resumed)).toEqual(factsOf(outcome));
    expect(again.steps).toEqual(['begin']);
  });

  test('of a watch that timed out comes after another time budget, by the workflow’s clock', async () => {
    const first = await watch({answers: [says('running')], totalTimeout: 5000});
    if (first.status !== 'abandoned' || first.error.resumeToken === undefined) throw new Error(first.status);
    const again = new Journal(beginning + 100_000);
    jest.spyOn(Date, 'now').mockImplementation(() => again.now);
    const http = service(replies(says('running')), again);
    const options = {protocol: tasks, http, totalTimeout: 5000, schedule: schedules.fixed(60_000)};
    await watchDurably(again.host(), first.error.resumeToken, options);
    expect(again.now).toBe(beginning + 105_000);
    // On a replay much later nothing depends on the clock of the process.
    jest.spyOn(Date, 'now').mockImplementation(() => beginning + 9e9);
    await expect(watchDurably(again.host(), first.error.resumeToken, options)).resolves.toMatchObject({
      reason: 'timeout',
    });
  });
});

describe('retries within a poll', () => {
  test('are recorded with it and emit their events on each replay', async () => {
    let requests = 0;
    const http = service((recorded) => {
      requests += 1;
      if (recorded === 0 && requests <= 2) return {fails: true};
      return says(recorded === 0 ? 'running' : 'succeeded');
    }, journal);
    const replay = async (): Promise<readonly OperationEvent[]> => {
      const events: OperationEvent[] = [];
      await watchDurably(journal.host(), location, {
        protocol: tasks,
        http,
        retry: {minTimeout: 1, maxTimeout: 1},
        onEvent: (event) => void events.push(event),
      });
      return events;
    };
    const first = await replay();
    const replayed = await replay();
    expect(requests).toBe(4);
    for (const events of [first, replayed]) {
      expect(events.map(({type}) => type)).toEqual([
        'retrying',
        'retrying',
        'polled',
        'running',
        'waiting',
        'polled',
        'succeeded',
      ]);
      const retrying = events[0] as RetryingEvent;
      expect(retrying.error).toMatchObject({name: 'PollError', kind: 'network', code: 'ECONNRESET'});
    }
  });
});

describe('what is recorded', () => {
  test('holds no secret, whatever the service sends back', async () => {
    const token = 'secret-token-of-mine';
    const echo: TransportResponse = {
      http: 503,
      body: {error: {code: `x ${token}`, message: `Bearer ${token}`}},
      headers: {'request-id': token, date: token},
    };
    const outcome = await watch({
      answers: [echo, {...says('running', {echo: token})}, {http: 403, body: {error: {message: token}}}],
      token,
      retry: {retries: 0},
    });
    expect(journal.polls).toBe(3);
    expect(JSON.stringify(journal.entries)).not.toContain(token);
    expect(inspect(outcome, {depth: Number.POSITIVE_INFINITY, showHidden: true})).not.toContain(token);
  });

  test('that this library has not recorded ends the watch with an error that says so', async () => {
    const host: DurableHost = {...journal.host(), run: async () => ({version: 99})};
    await expect(watch({answers: []}, host)).rejects.toThrow(/was the workflow changed while it ran/);
    const noResult: DurableHost = {...host, run: async (name, work) => (name === 'result 1' ? 'odd' : work())};
    const answers = [says('succeeded')];
    await expect(watch({answers, fetchResult: true}, noResult)).rejects.toThrow(/was the workflow changed/);
  });
});

describe('the result of an operation (row 42)', () => {
  const options = {protocol: protocols.graph.teams, fetchResult: true, retry: {retries: 0}};
  const done = {body: {id: 'b', status: 'succeeded', targetResourceLocation: "/teams('t')"}};
  const ask = (answer: (path: string) => TransportResponse, host = journal.host()) => {
    const http = service((_, {url}) => answer(new URL(url).pathname), journal);
    return watchDurably(host, "https://graph.example/v1.0/teams('t')/operations('b')", {...options, http});
  };

  test('is a step of its own, and is not fetched again on a replay', async () => {
    let fetched = 0;
    const outcome = await ask((path) => {
      if (path.includes('operations')) return done;
      fetched += 1;
      return {body: {displayName: 'Team', list: [1]}};
    });
    expect(outcome).toMatchObject({status: 'succeeded', operation: {result: {displayName: 'Team'}}});
    expect(journal.steps).toEqual(['begin', 'poll 1', 'result 1']);
    expect(factsOf(await ask(() => ({fails: true})))).toEqual(factsOf(outcome));
    expect(fetched).toBe(1);
  });

  test('that is not there yet is asked for again, each time as a step, after a durable wait', async () => {
    const answers = [{http: 404}, {http: 202, headers: {'retry-after': '120'}}, {http: 503}, {body: {rows: 5}}];
    let fetched = 0;
    const outcome = await ask((path) => (path.includes('operations') ? done : (answers[fetched++] ?? {fails: true})));
    expect(outcome).toMatchObject({status: 'succeeded', operation: {result: {rows: 5}}});
    expect(journal.steps).toEqual([
      'begin',
      'poll 1',
      'result 1',
      expect.stringMatching(/^wait for result 2: [234]\d\d$/),
      'result 2',
      'wait for result 3: 120000',
      'result 3',
      expect.stringMatching(/^wait for result 4: \d+$/),
      'result 4',
    ]);
    expect(factsOf(await ask(() => ({fails: true})))).toEqual(factsOf(outcome));
    expect(fetched).toBe(4);
  });

  test('takes the same steps wherever the workflow is killed', async () => {
    const answers = [{http: 404}, {http: 202, headers: {'retry-after': '120'}}, {body: {rows: 5}}];
    // What it answers depends on what was recorded, because a GET changes nothing.
    const answer = (path: string): TransportResponse => {
      const recorded = journal.steps.filter((step) => step.startsWith('result')).length;
      return path.includes('operations') ? done : (answers[recorded] ?? {fails: true});
    };
    const undisturbed = await ask(answer);
    const {steps} = journal;
    expect(steps).toHaveLength(7);
    for (const when of ['before', 'unrecorded', 'recorded'] as const) {
      for (let after = 0; after < steps.length; after++) {
        journal = new Journal(beginning);
        jest.restoreAllMocks();
        settle(journal);
        await expect(ask(answer, journal.host({after, when}))).rejects.toBeInstanceOf(Killed);
        expect(factsOf(await ask(answer))).toEqual(factsOf(undisturbed));
        expect(journal.steps).toEqual(steps);
      }
    }
  });

  test('that is never there is given up after notFoundGrace', async () => {
    const outcome = await ask((path) => (path.includes('operations') ? done : {http: 404}));
    expect(outcome).toMatchObject({status: 'abandoned', reason: 'result', error: {cause: {httpStatus: 404}}});
    expect(journal.now - beginning).toBeGreaterThan(20_000);
    expect(journal.now - beginning).toBeLessThanOrEqual(30_000);
  });

  test('that cannot be fetched ends the watch the same way on each replay', async () => {
    const first = await ask((path) => (path.includes('operations') ? done : {http: 403, body: {}}));
    if (first.status !== 'abandoned') throw new Error(first.status);
    expect(first.error).toBeInstanceOf(ResultUnavailableError);
    expect(first.error.cause).toMatchObject({name: 'PollError', httpStatus: 403});
    expect(factsOf(await ask(() => ({fails: true})))).toEqual(factsOf(first));
  });

  test('that is in the answer, or that the protocol does not have, is left as it is', async () => {
    const answers = [says('succeeded', {result: 7})];
    expect(await watch({answers, fetchResult: true})).toMatchObject({operation: {result: 7}});
    journal = new Journal(beginning);
    const outcome = await watch({answers: [says('succeeded')], fetchResult: true});
    expect(outcome).toMatchObject({status: 'succeeded', operation: {id: 'b'}});
    expect(outcome.operation).not.toHaveProperty('result');
  });
});

describe('onEvent', () => {
  test('is awaited, so that it may use the engine', async () => {
    const host = journal.host();
    await watch(
      {
        answers: [says('running'), says('succeeded')],
        onEvent: async ({type}) => {
          if (type === 'running') await host.run('notify', async () => null);
        },
      },
      host,
    );
    expect(journal.steps).toEqual(['begin', 'poll 1', 'notify', 'wait 1: 1000', 'poll 2']);
  });

  test('ends the watch by what it throws', async () => {
    const thrown = new Error('the engine wants out');
    const onEvent = (): never => {
      throw thrown;
    };
    await expect(watch({answers: [says('running')], onEvent})).rejects.toBe(thrown);
  });
});

describe('the engine', () => {
  test.each(['run', 'sleep', 'now'] as const)('ends the watch by what %s throws', async (method) => {
    const canceled = new Error('canceled');
    const host: DurableHost = {...journal.host(), [method]: () => Promise.reject(canceled)};
    await expect(watch({answers: [says('running')]}, host)).rejects.toBe(canceled);
  });

  test('aborts a request when it gives up the execution', async () => {
    const controller = new AbortController();
    const gone = new Error('the attempt is over');
    const host: DurableHost = {...journal.host(), signal: controller.signal};
    const http = service(() => {
      controller.abort(gone);
      return says('running');
    }, journal);
    await expect(watchDurably(host, location, {protocol: tasks, http})).rejects.toBe(gone);
    expect(journal.steps).toEqual(['begin']);
  });

  test('also aborts fetching a result', async () => {
    const controller = new AbortController();
    const gone = new Error('the attempt is over');
    const host: DurableHost = {...journal.host(), signal: controller.signal};
    const http = service((_, {url}) => {
      if (url.includes('operations')) return {body: {id: 'b', status: 'succeeded', targetResourceLocation: '/teams/t'}};
      controller.abort(gone);
      return {http: 404, body: {}};
    }, journal);
    const options = {protocol: protocols.graph.teams, fetchResult: true, http};
    const place = 'https://graph.example/v1.0/teams/t/operations/b';
    await expect(watchDurably(host, place, options)).rejects.toBe(gone);
  });
});

describe('an option that is not as it should be', () => {
  const {signal} = new AbortController();
  test.each<[object, RegExp]>([
    [{signal}, /^signal: a workflow cannot replay an abort/],
    [{name: 7}, /^name: expected a string that is not empty, got 7$/],
    [{name: ''}, /^name: expected a string that is not empty, got ""$/],
    [{onEvent: 'log'}, /^onEvent: expected a function, got "log"$/],
    [{pollsPerRun: 7}, /^pollsPerRun: there is no such option/],
    [
      {schedule: schedules.adaptive()},
      /^schedule: expected a pure function; one that learns computes different waits on a replay/,
    ],
    [{schedule: 1000}, /^schedule: expected a function/],
    [{onEvnt: 'log'}, /^onEvnt: there is no such option; .*, onEvent\. Did you mean onEvent\?$/],
  ])('is named: %p', async (options, message) => {
    await expect(watchDurably(journal.host(), location, options)).rejects.toThrow(message);
  });

  test.each([null, {}, {run() {}, sleep() {}}])('a host that is none: %p', async (host) => {
    const message = /^host: expected an object with the functions run, sleep and now, got (?:null|an object)$/;
    await expect(watchDurably(host as unknown as DurableHost, location)).rejects.toThrow(message);
  });

  test.each([undefined, null, Number.NaN, 'soon'])('a time of the engine that is none: %p', async (value) => {
    const host: DurableHost = {...journal.host(), now: () => value as unknown as number};
    await expect(watchDurably(host, location)).rejects.toThrow(/^host\.now: expected milliseconds since 1970/);
  });

  test('a signal that is undefined is none', async () => {
    const outcome = await watch({answers: [says('succeeded')], ...{signal: undefined}});
    expect(outcome.status).toBe('succeeded');
  });

  test('a resume token that is none', async () => {
    const broken = {kind: 'else'} as unknown as Parameters<typeof watchDurablyInRuns>[1];
    await expect(watchDurablyInRuns(journal.host(), broken)).rejects.toThrow(/^Invalid resume token/);
  });
});
