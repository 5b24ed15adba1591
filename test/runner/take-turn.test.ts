import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import type {KyInstance} from 'ky';
import {createOperationClient} from '../../src/client/index.ts';
import {
  OperationFailedError,
  pollOperation,
  ResultUnavailableError,
  resumeOperation,
  UnreachableError,
  WatchTimeoutError,
} from '../../src/index.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import {
  createRecord,
  dueAtOf,
  type OperationRecord,
  outcomeOf,
  RecordRefusedError,
  type TurnOptions,
  takeTurn,
  wakeRecord,
} from '../../src/runner/index.ts';
import {beginning, location, tasks} from '../support/core.ts';
import {answer, everySecond, facts, keepEnds, recordAt, type Scripted, serviceOf, stored, takeTurns} from './turns.ts';

beforeEach(() => {
  jest.useFakeTimers({now: beginning, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate']});
});

afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

const at = (seconds: number): number => beginning + 1000 * seconds;

function dueLater(record: OperationRecord): OperationRecord {
  return {...record, token: {...record.token, dueAt: at(1e6)}};
}

test('a turn polls once, and the next one is due when the schedule says', async () => {
  const {http, requests} = serviceOf(['running', 'succeeded']);
  const turn = await takeTurn(recordAt(), {...everySecond, http}, at(0));
  expect(turn).toMatchObject({dueAt: at(1), record: {version: 1, key: location, token: {attempt: 1, dueAt: at(1)}}});
  expect(turn.events.map(({type}) => type)).toEqual(['polled', 'running', 'waiting']);
  expect(requests).toEqual([location]);
  expect(stored(turn.record)).toEqual(turn.record);
});

test('a process that is stopped before the request makes no wait shorter', async () => {
  let answeredAt = Number.NaN;
  const answerRunning = (): Response => {
    answeredAt = Date.now();
    return Response.json({id: 'b', status: 'running'});
  };
  const record = {
    ...recordAt(),
    get key() {
      jest.advanceTimersByTime(400);
      return location;
    },
  };
  const turn = await takeTurn(record, {...everySecond, http: serviceOf([answerRunning]).http}, Date.now());
  expect('dueAt' in turn && turn.dueAt - answeredAt).toBe(1000);
});

test('without onEnd a record is done in the turn in which its watch ends, and stays done', async () => {
  const {http, requests} = serviceOf(['running', 'succeeded']);
  const {turns, done, record} = await takeTurns(recordAt(), {...everySecond, http});
  expect(turns).toHaveLength(2);
  expect(done).toMatchObject({status: 'succeeded', operation: {id: 'b'}});
  expect(outcomeOf(record)).toEqual(done);
  expect(await takeTurn(record, {...everySecond, http}, at(9))).toMatchObject({done, events: []});
  expect(requests).toHaveLength(2);
});

test('an end is recorded first, due at once, and handed over by the next turn', async () => {
  const {http, requests} = serviceOf(['succeeded']);
  const {ends, onEnd} = keepEnds();
  const record = recordAt({key: 'adele', data: {mail: 'a@b'}});
  const options = {...everySecond, http, onEnd};
  const first = await takeTurn(record, options, at(0));
  expect(ends).toEqual([]);
  expect(first).toMatchObject({dueAt: at(0), record: {ended: {dueAt: at(0), rejections: 0}}});
  expect(first).not.toHaveProperty('done');
  const second = await takeTurn(stored(first.record), options, at(0));
  expect(second).toMatchObject({done: {status: 'succeeded'}, events: []});
  expect(ends).toEqual([
    {
      id: record.id,
      key: 'adele',
      data: {mail: 'a@b'},
      outcome: 'done' in second && second.done,
      signal: expect.any(AbortSignal),
    },
  ]);
  expect(requests).toHaveLength(1);
});

test('85: onEnd that rejects is called again with the same id, after longer and longer waits, and nobody is asked', async () => {
  const {http, requests} = serviceOf(['failed']);
  const {ends, onEnd} = keepEnds(8);
  const record = recordAt();
  const {turns, done} = await takeTurns(record, {...everySecond, http, onEnd});
  expect(done.status).toBe('failed');
  expect(ends).toHaveLength(9);
  expect(new Set(ends.map(({id}) => id))).toEqual(new Set([record.id]));
  expect(ends.map(({outcome}) => facts(outcome))).toEqual(Array(9).fill(facts(done)));
  const due = turns.flatMap((turn) => ('dueAt' in turn ? [(turn.dueAt - beginning) / 1000] : []));
  expect(due).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183]);
  expect(turns.map(({error}) => error instanceof Error && error.message).slice(0, 3)).toEqual([
    false,
    'no mail server, 1',
    'no mail server, 2',
  ]);
  expect(requests).toHaveLength(1);
});

test('85: a process that dies in onEnd, or before its turn is stored: called again, with the same id', async () => {
  const {http, requests} = serviceOf(['succeeded']);
  const {ends, onEnd} = keepEnds();
  const options = {...everySecond, http, onEnd};
  const ended = stored((await takeTurn(recordAt(), options, at(0))).record);
  for (let death = 0; death < 3; death += 1) await takeTurn(ended, options, at(1));
  await Promise.all([takeTurn(ended, options, at(2)), takeTurn(ended, options, at(2))]);
  expect(ends.map(({id}) => id)).toEqual(Array(5).fill(ended.id));
  expect(requests).toHaveLength(1);
});

test('an onEnd that throws, and one that returns nothing: as one that rejects or resolves', async () => {
  const {http} = serviceOf(['succeeded']);
  const ended = (await takeTurn(recordAt(), {...everySecond, http, onEnd: () => undefined}, at(0))).record;
  const throwing = () => {
    throw new Error('no');
  };
  expect(await takeTurn(ended, {...everySecond, onEnd: throwing}, at(5))).toMatchObject({dueAt: at(6)});
  expect(await takeTurn(ended, {...everySecond, onEnd: () => undefined}, at(5))).toHaveProperty('done');
});

test('an end is handed over at once where its next onEnd is due later than any can be: the clock was set back', async () => {
  const {http} = serviceOf(['failed']);
  const {ends, onEnd} = keepEnds(1);
  const options = {...everySecond, http, onEnd};
  const {record} = await takeTurn((await takeTurn(recordAt(), options, at(0))).record, options, at(0));
  expect(record.ended).toMatchObject({dueAt: at(1), rejections: 1});
  expect(await takeTurn(record, options, at(-59))).toEqual({record, events: [], dueAt: at(1)});
  expect(ends).toHaveLength(1);
  expect(await takeTurn(record, options, at(-86_400))).toHaveProperty('done');
  expect(ends).toHaveLength(2);
});

test('a turn that comes too early does nothing', async () => {
  const {http, requests} = serviceOf(['running']);
  const {onEnd, ends} = keepEnds(1);
  const waiting = recordAt({initialDelay: 5000});
  expect(await takeTurn(waiting, {...everySecond, http}, at(4.999))).toEqual({
    record: waiting,
    events: [],
    dueAt: at(5),
  });
  expect(requests).toEqual([]);
  const options = {...everySecond, http: serviceOf(['succeeded']).http, onEnd};
  const ended = (await takeTurn(recordAt(), options, at(0))).record;
  const rejected = (await takeTurn(ended, options, at(0))).record;
  expect(await takeTurn(rejected, options, at(0.5))).toMatchObject({record: rejected, dueAt: at(1)});
  expect(ends).toHaveLength(1);
});

test('a record that is due after its deadline, because somebody changed it, ends with it and is not polled', async () => {
  const forged = dueLater(recordAt({totalTimeout: 5000}));
  const {http, requests} = serviceOf(['running']);
  expect(dueAtOf(forged)).toBe(at(5));
  const {turns, done} = await takeTurns(forged, {...everySecond, http});
  expect(requests).toHaveLength(0);
  expect(turns.map((turn) => ('dueAt' in turn ? turn.dueAt : 'done'))).toEqual(['done']);
  expect(done).toMatchObject({status: 'abandoned', reason: 'timeout'});
});

test('a turn that comes a fraction of a millisecond too early says when the next one does not', async () => {
  const {http, requests} = serviceOf(['running']);
  const begunAt = beginning + 0.345;
  const early = await takeTurn(createRecord(location, {}, begunAt), {...everySecond, http}, begunAt);
  expect(early).toMatchObject({dueAt: beginning + 1});
  await takeTurn(early.record, {...everySecond, http}, beginning + 1);
  expect(requests).toHaveLength(1);
});

test.each([
  ['in a turn that comes late', recordAt({totalTimeout: 5000}), at(9)],
  [
    'where the deadline is between two milliseconds',
    stored(createRecord(location, {protocol: tasks, totalTimeout: 5000}, at(0.0003))),
    at(4.6),
  ],
])('the last poll of a record is made once: %s', async (_, record, now) => {
  const {http, requests} = serviceOf(['running']);
  const turn = await takeTurn(record, {...everySecond, http}, now);
  expect('dueAt' in turn && dueAtOf(stored(turn.record))).toBe(record.token.deadlineAt);
  const {done} = await takeTurns(turn.record, {...everySecond, http});
  expect(done).toMatchObject({status: 'abandoned', reason: 'timeout'});
  expect(requests).toHaveLength(1);
});

test.each([
  {begunAt: 0, late: 50},
  {begunAt: 0.345, late: 1},
  {begunAt: 0.345, late: 200},
])('a watch ends at its deadline however late its turns are: $begunAt, $late', async ({begunAt, late}) => {
  const {http, requests} = serviceOf(['running']);
  let now = beginning + begunAt;
  let record = createRecord(location, {totalTimeout: 100}, now);
  const turns = [];
  for (let count = 0; count < 5 && turns.at(-1) !== 'done'; count++) {
    const turn = await takeTurn(record, {http, schedule: () => 1000}, now);
    record = stored(turn.record);
    turns.push('done' in turn ? 'done' : turn.dueAt);
    if ('dueAt' in turn) now = Math.max(now, turn.dueAt) + late;
  }
  expect(turns.at(-1)).toBe('done');
  expect(requests.length).toBeLessThanOrEqual(2);
});

test.each([Number.MAX_SAFE_INTEGER, 2 ** 53])('counts of %i do not grow into what no turn can read', async (count) => {
  const {http} = serviceOf([answer(503)]);
  const {ends, onEnd} = keepEnds(2);
  const record = recordAt();
  const counts = {attempt: count, failures: count, deferredAttempts: count, observed: {503: count}};
  const forged = stored({...record, token: {...record.token, ...counts}});
  const options = {...everySecond, http, onEnd};
  const {record: ended} = await takeTurns(forged, options);
  expect(ended.token).toMatchObject({attempt: 2 ** 53, observed: {503: 2 ** 53}});
  const rejections = {...ended.ended, rejections: count};
  await takeTurns(stored({...ended, ended: {...rejections, dueAt: at(0)}}), options);
  expect(ends).toHaveLength(4);
});

test('after a hint it is due when the service allows', async () => {
  const {http} = serviceOf([answer(200, {'retry-after': '30'}, {id: 'b', status: 'running'}), 'running']);
  const told = (await takeTurn(recordAt(), {...everySecond, http}, at(0))).record;
  expect(dueAtOf(wakeRecord(told, at(10)))).toBe(at(30));
  expect(wakeRecord(told, at(10))).toBe(told);
  const scheduled = (await takeTurn(told, {...everySecond, http, schedule: () => 60_000}, at(30))).record;
  expect([dueAtOf(scheduled), dueAtOf(wakeRecord(stored(scheduled), at(40)))]).toEqual([at(90), at(40)]);
  expect(dueAtOf(wakeRecord(recordAt({initialDelay: 9000}), at(2)))).toBe(at(2));
  const {record: over} = await takeTurns(recordAt(), {...everySecond, http: serviceOf(['failed']).http});
  expect(wakeRecord(over, at(40))).toBe(over);
});

test('a turn that is taken twice, also at once, leaves either record good to go on from', async () => {
  const {http} = serviceOf(['running', 'running', 'succeeded']);
  const record = recordAt();
  const options = {...everySecond, http};
  const [one, other] = await Promise.all([takeTurn(record, options, at(0)), takeTurn(record, options, at(0))]);
  expect(one.record).toEqual({...other.record, token: {...other.record.token, answer: one.record.token.answer}});
  for (const {record: next} of [one, other])
    expect((await takeTurns(stored(next), options)).done.status).toBe('succeeded');
});

test('a signal that aborts ends the turn with its reason', async () => {
  const reason = new Error('shutting down');
  const controller = new AbortController();
  const {http} = serviceOf([() => new Promise(() => {})]);
  const turn = takeTurn(recordAt(), {...everySecond, http, signal: controller.signal}, at(0));
  await jest.advanceTimersByTimeAsync(100);
  controller.abort(reason);
  await expect(turn).rejects.toBe(reason);
  const {ends, onEnd} = keepEnds();
  const over = (await takeTurn(recordAt(), {...everySecond, onEnd, http: serviceOf(['failed']).http}, at(0))).record;
  await expect(takeTurn(over, {onEnd, signal: controller.signal}, at(0))).rejects.toBe(reason);
  expect(ends).toEqual([]);
});

test('a signal that aborts during onEnd, which rejects: the rejection is not counted', async () => {
  const reason = new Error('shutting down');
  const controller = new AbortController();
  const onEnd = async ({signal}: {readonly signal: AbortSignal}) => {
    controller.abort(reason);
    throw signal.reason;
  };
  const options = {...everySecond, http: serviceOf(['succeeded']).http, signal: controller.signal, onEnd};
  const {record} = await takeTurn(recordAt(), options, at(0));
  await expect(takeTurn(record, options, at(0))).rejects.toBe(reason);
});

test('a signal that aborts during an onEnd that does not listen to it: the turn ends, and onEnd is called again', async () => {
  const reason = new Error('shutting down');
  const controller = new AbortController();
  const ids: string[] = [];
  const onEnd = ({id, signal}: {readonly id: string; readonly signal: AbortSignal}) => {
    ids.push(id);
    return signal === controller.signal ? new Promise(() => {}) : undefined;
  };
  const options = {...everySecond, http: serviceOf(['succeeded']).http, onEnd};
  const {record} = await takeTurn(recordAt(), options, at(0));
  const turn = takeTurn(record, {...options, signal: controller.signal}, at(0));
  controller.abort(reason);
  await expect(turn).rejects.toBe(reason);
  expect(await takeTurn(record, options, at(0))).toMatchObject({done: {status: 'succeeded'}});
  expect(ids).toEqual([record.id, record.id]);
});

describe('giving up', () => {
  test('the outcome is the same after a store, with the cause', async () => {
    const {onEnd, ends} = keepEnds();
    const {http, requests} = serviceOf([answer(503)]);
    const {done} = await takeTurns(recordAt(), {...everySecond, http, onEnd, consecutiveFailures: 3});
    if (done.status !== 'abandoned') throw new Error(done.status);
    expect(done.error).toBeInstanceOf(UnreachableError);
    expect(done.error.cause).toMatchObject({kind: 'http', httpStatus: 503});
    expect(done.error.message).toMatch(/could not be reached in 3 polls in a row.*503/);
    expect(ends.map(({outcome}) => facts(outcome))).toEqual([facts(done)]);
    expect(requests).toHaveLength(3);
  });

  test('by default after twenty polls of one request', async () => {
    const {http, requests} = serviceOf([answer(503)]);
    const {done} = await takeTurns(recordAt(), {...everySecond, http});
    expect(done).toMatchObject({status: 'abandoned', reason: 'unreachable'});
    expect(requests).toHaveLength(20);
  });

  test('at the deadline', async () => {
    const {http} = serviceOf(['running']);
    const {done, turns} = await takeTurns(recordAt({totalTimeout: 5000}), {...everySecond, http});
    expect(done).toMatchObject({status: 'abandoned', reason: 'timeout', error: {elapsed: 5000}});
    expect(turns.at(-1)?.events.map(({type}) => type)).toEqual(['abandoned']);
  });

  test('an unknown word', async () => {
    const {http} = serviceOf(['odd']);
    const {onEnd, ends} = keepEnds();
    const {done} = await takeTurns(recordAt(), {...everySecond, http, onEnd, unknownStatus: 'fail'});
    expect(done).toMatchObject({reason: 'unknownStatus', error: {name: 'UnknownStatusError', rawStatus: 'odd'}});
    expect(ends).toHaveLength(1);
  });
});

describe('a result', () => {
  const {result: _, ...withoutResult} = tasks;
  const reports = defineProtocol({...withoutResult, name: 'reports', resourceLocation: '/report'});
  const succeeded = answer(200, {}, {id: 'b', status: 'succeeded', report: 'https://graph.example/reports/b'});

  test('is fetched in a turn of its own', async () => {
    const {http, requests} = serviceOf([succeeded, answer(200, {}, {rows: 5})]);
    const {onEnd, ends} = keepEnds();
    const options = {...everySecond, http, onEnd, protocols: [reports], fetchResult: true};
    const {turns, done} = await takeTurns(recordAt({protocol: reports}), options);
    expect(done).toMatchObject({status: 'succeeded', operation: {result: {rows: 5}}});
    expect(ends).toHaveLength(1);
    expect(turns.map(({record}) => record.ended === undefined)).toEqual([true, false, false]);
    expect(requests).toEqual([location, 'https://graph.example/reports/b']);
  });

  const again = (seconds: string): Scripted => answer(202, {'retry-after': seconds});
  const fetching = (http: KyInstance) => ({...everySecond, http, protocols: [reports], fetchResult: true});

  test('that is not there yet is asked for again, each time in a turn', async () => {
    const made = answer(200, {}, {rows: 5});
    const {http, requests} = serviceOf([
      succeeded,
      answer(404, {'retry-after': '3'}),
      again('120'),
      answer(503, {'retry-after': '20'}),
      made,
    ]);
    const {onEnd, ends} = keepEnds();
    const {turns, done, record} = await takeTurns(recordAt({protocol: reports}), {...fetching(http), onEnd});
    expect(done).toMatchObject({status: 'succeeded', operation: {result: {rows: 5}}});
    expect(ends.map(({outcome}) => outcome)).toEqual([done]);
    expect(requests.slice(1)).toEqual(Array(4).fill('https://graph.example/reports/b'));
    expect(turns.map((turn) => turn.record.fetching?.attempts)).toEqual([undefined, 1, 2, 3, undefined, undefined]);
    const waits = turns.flatMap((turn) => ('dueAt' in turn ? [turn.dueAt] : []));
    expect(waits).toEqual([0, 3, 123, 143, 143].map(at));
    expect(record).not.toHaveProperty('fetching');
  });

  test('that is never there is given up after notFoundGrace, by the clock of the runner', async () => {
    const {http, requests} = serviceOf([succeeded, answer(404, {'retry-after': '7'})]);
    const {turns, done} = await takeTurns(recordAt({protocol: reports}), fetching(http));
    expect(done).toMatchObject({
      status: 'abandoned',
      reason: 'result',
      error: {cause: {httpStatus: 404}, elapsed: 28_000},
    });
    expect(turns.map((turn) => ('dueAt' in turn ? turn.dueAt : 'done'))).toEqual(
      [0, 7, 14, 21, 28, 'done'].map((due) => (typeof due === 'number' ? at(due) : due)),
    );
    expect(requests).toHaveLength(6);
  });

  test.each([
    {retryAfter: '40', elapsed: 80_000, fetches: 3},
    // No notFoundGrace after the deadline: what is not ready is not missing.
    {retryAfter: '20', elapsed: 100_000, fetches: 6},
  ])('that stays not ready is asked for until the deadline, every $retryAfter s', async (expected) => {
    const {http, requests} = serviceOf([succeeded, again(expected.retryAfter)]);
    const {done} = await takeTurns(recordAt({protocol: reports, totalTimeout: 100_000}), fetching(http));
    expect(done).toMatchObject({
      status: 'abandoned',
      reason: 'result',
      error: {cause: {httpStatus: 202}, elapsed: expected.elapsed},
    });
    expect(requests).toHaveLength(1 + expected.fetches);
  });

  test('that is never there is given up after notFoundGrace, also where the clock was set back', async () => {
    const {http} = serviceOf([succeeded, answer(404, {'retry-after': '7'})]);
    const {record} = await takeTurn(recordAt({protocol: reports}), fetching(http), at(0));
    const {record: later} = await takeTurn(record, fetching(http), at(0));
    const ahead = {...later, fetching: {attempts: 1, since: at(86_400), dueAt: at(7)}};
    const turn = await takeTurn(ahead, fetching(http), at(7));
    expect(turn.record.fetching).toMatchObject({attempts: 2, since: at(7)});
  });

  test('is asked for once more in a turn that comes late', async () => {
    const {http} = serviceOf([succeeded, answer(404), answer(200, {}, {rows: 5})]);
    const {record} = await takeTurn(recordAt({protocol: reports}), fetching(http), at(0));
    const {record: later} = await takeTurn(stored(record), fetching(http), at(0));
    expect(later.fetching).toMatchObject({attempts: 1, since: at(0)});
    const early = await takeTurn(later, fetching(http), at(0));
    expect(early).toEqual({record: later, events: [], dueAt: dueAtOf(later)});
    const turn = await takeTurn(stored(later), fetching(http), at(5000));
    expect(turn).toMatchObject({done: {status: 'succeeded', operation: {result: {rows: 5}}}});
  });

  test('is not asked for while the runner holds the origin back', async () => {
    const {http, requests} = serviceOf([succeeded, answer(200, {}, {rows: 5})]);
    const {record} = await takeTurn(recordAt({protocol: reports}), fetching(http), at(0));
    const hold = {origin: new URL(location).origin, until: at(60)};
    const held = await takeTurn(record, {...fetching(http), heldUntil: at(60)}, at(0));
    expect(held).toEqual({record, events: [], hold, dueAt: at(60)});
    expect(requests).toHaveLength(1);
    expect(await takeTurn(record, {...fetching(http), heldUntil: at(60)}, at(60))).toHaveProperty('done');
  });

  test('that was fetched is not fetched again by a watch that resumes from the record', async () => {
    const decided = {url: 'https://graph.example/reports', method: 'PUT'};
    const protocol = defineProtocol({...withoutResult, name: 'made', resultLocation: 'original'});
    const {http, requests} = serviceOf(['succeeded', answer(200, {}, {rows: 5})]);
    const poller = pollOperation(location, {protocol, started: decided, totalTimeout: 60_000});
    poller.stop();
    const options = {...everySecond, http, protocols: [protocol], fetchResult: true};
    const {record} = await takeTurns(createRecord(poller, {protocol}, at(0)), options);
    expect(requests).toEqual([location, decided.url]);
    const resumed = resumeOperation(record.token, {protocol, http, fetchResult: true});
    expect(await resumed.result()).toMatchObject({result: {rows: 5}});
    expect(requests).toHaveLength(2);
  });

  test('that cannot be fetched: given up, and the same after a store', async () => {
    const {http} = serviceOf([succeeded, answer(403)]);
    const {onEnd, ends} = keepEnds();
    const options = {...everySecond, http, onEnd, protocols: [reports], fetchResult: true};
    const {done, record} = await takeTurns(recordAt({protocol: reports, initialDelay: 3000}), options);
    if (done.status !== 'abandoned') throw new Error(done.status);
    expect(done).toMatchObject({reason: 'result', operation: {status: 'succeeded'}, error: {elapsed: 3000}});
    expect(done.error).toBeInstanceOf(ResultUnavailableError);
    expect(done.error.cause).toMatchObject({httpStatus: 403});
    expect(ends.map(({outcome}) => facts(outcome))).toEqual([facts(done)]);
    const again = outcomeOf(record);
    expect(again && facts(again)).toEqual(facts(done));
  });
});

test('a signal that aborts while a result is fetched: the turn ends with its reason', async () => {
  const {result: _, ...withoutResult} = tasks;
  const reports = defineProtocol({...withoutResult, name: 'reports', resourceLocation: '/report'});
  const report = {id: 'b', status: 'succeeded', report: 'https://graph.example/reports/b'};
  const controller = new AbortController();
  const {http} = serviceOf([answer(200, {}, report), () => new Promise(() => {})]);
  const options = {...everySecond, http, protocols: [reports], fetchResult: true, signal: controller.signal};
  const {record} = await takeTurn(recordAt({protocol: reports}), options, at(0));
  const turn = takeTurn(record, options, at(0));
  await jest.advanceTimersByTimeAsync(100);
  const reason = new Error('shutting down');
  controller.abort(reason);
  await expect(turn).rejects.toBe(reason);
});

describe('a held origin', () => {
  const {origin} = new URL(location);

  test('an answer that throttles says until when', async () => {
    const {http} = serviceOf([answer(429, {'retry-after': '30'})]);
    expect(await takeTurn(recordAt(), {...everySecond, http}, at(0))).toMatchObject({
      dueAt: at(30),
      hold: {origin, until: at(30), retryAfter: 30_000},
    });
  });

  test('for an hour at most', async () => {
    const {http} = serviceOf([answer(429, {'retry-after': '864000'})]);
    const {hold} = await takeTurn(recordAt({totalTimeout: false}), {...everySecond, http}, at(0));
    expect(hold).toEqual({origin, until: at(3600), retryAfter: 864_000_000});
  });

  test.each([
    ['a good answer that asks for a wait', answer(200, {'retry-after': '30'}, {id: 'b', status: 'running'})],
    ['a 503 that asks for a wait', answer(503, {'retry-after': '30'})],
    ['a 429 that asks for none', answer(429)],
  ])('%s holds nothing', async (_, scripted) => {
    const {hold} = await takeTurn(recordAt(), {...everySecond, http: serviceOf([scripted]).http}, at(0));
    expect(hold).toBeUndefined();
  });

  test('held by the runner, no request is made until then', async () => {
    const {http, requests} = serviceOf(['running']);
    const record = recordAt();
    const turn = await takeTurn(record, {...everySecond, http, heldUntil: at(30)}, at(2));
    expect(turn).toMatchObject({record, dueAt: at(30), hold: {origin, until: at(30)}});
    expect(turn.events).toMatchObject([{type: 'waiting', because: 'heldBack', delay: 28_000}]);
    expect(requests).toEqual([]);
    await takeTurn(record, {...everySecond, http, heldUntil: at(30)}, at(30));
    expect(requests).toHaveLength(1);
  });

  test('held beyond the deadline, the watch ends in time, without a request, and with the hold as its cause', async () => {
    const {http, requests} = serviceOf(['running']);
    const options = {...everySecond, http, heldUntil: at(30)};
    const {turns, done} = await takeTurns(recordAt({totalTimeout: 5000}), options);
    expect(turns.map((turn) => 'dueAt' in turn && turn.dueAt)).toEqual([at(5), false]);
    if (done.status !== 'abandoned') throw new Error(done.status);
    expect(done.error).toBeInstanceOf(WatchTimeoutError);
    expect(String(done.error.cause)).toContain(`held back until ${new Date(at(30)).toISOString()}`);
    expect(requests).toEqual([]);
  });

  test('held when the last poll was throttled: the same', async () => {
    const {http, requests} = serviceOf([answer(429, {'retry-after': '60'})]);
    const options = {...everySecond, http};
    const first = await takeTurn(recordAt({totalTimeout: 5000}), options, at(0));
    const last = await takeTurn(first.record, options, at(4.5));
    expect([dueAtOf(first.record), dueAtOf(last.record)]).toEqual([at(4.5), at(5)]);
    const {done} = await takeTurns(last.record, {...options, heldUntil: last.hold?.until});
    expect(done).toMatchObject({reason: 'timeout'});
    expect(String(done.status === 'abandoned' && done.error.cause)).toContain('held back until');
    expect(requests).toHaveLength(2);
  });

  test.each([0, 90])(
    'held by the client, the turn ends and says until when, by a clock that is %d s ahead',
    async (ahead) => {
      const {http, requests} = serviceOf([answer(429, {'retry-after': '30'}), 'running']);
      const client = createOperationClient({root: origin, http});
      const options = {...everySecond, client};
      const [now, until] = [at(ahead), at(ahead + 30)];
      expect((await takeTurn(recordAt(), options, now)).hold).toMatchObject({origin, until});
      const other = recordAt();
      const turn = await takeTurn(other, options, now);
      expect(turn).toMatchObject({record: other, dueAt: until, hold: {origin, until}});
      expect(turn.events).toMatchObject([{type: 'waiting', because: 'heldBack', delay: 30_000}]);
      expect(requests).toHaveLength(1);
      await jest.advanceTimersByTimeAsync(30_000);
      expect(await takeTurn(other, options, until)).toMatchObject({record: {token: {attempt: 1}}});
    },
  );
});

describe('a time in seconds', () => {
  test.each([0, 60, 366 * 24 * 3600 - 1])(
    'is refused, %i seconds after a record was made with milliseconds',
    async (later) => {
      const {http, requests} = serviceOf(['running']);
      const seconds = at(later) / 1000;
      const message = `now: expected milliseconds since 1970, got ${seconds}, which are seconds`;
      await expect(takeTurn(recordAt(), {...everySecond, http}, seconds)).rejects.toThrow(new TypeError(message));
      expect(() => wakeRecord(recordAt(), seconds)).toThrow(new TypeError(message));
      expect(requests).toEqual([]);
    },
  );

  test.each<[string, number, number]>([
    ['a clock that begins at 0', 0, 0],
    ['a clock that has gone on for weeks', 1_790_000_000, 1_790_000_000_000],
    ['a clock that was set back to 1970', beginning, 0],
    ['a clock that was set back by a year', beginning, beginning - 366 * 24 * 3_600_000],
  ])('is none: that of %s', async (_, madeAt, now) => {
    const {http, requests} = serviceOf(['running']);
    const record = createRecord(location, {protocol: tasks}, madeAt);
    await takeTurn(record, {...everySecond, http}, now);
    expect(() => wakeRecord(record, now)).not.toThrow();
    expect(requests.length).toBeLessThanOrEqual(1);
  });
});

describe('refused', () => {
  const refusal = async (options: TurnOptions, record = recordAt()): Promise<RecordRefusedError> => {
    const error: unknown = await takeTurn(record, options, at(0)).catch((reason: unknown) => reason);
    if (!(error instanceof RecordRefusedError)) throw error;
    return error;
  };

  test('a protocol that is not there', async () => {
    const record = recordAt();
    const error = await refusal({}, record);
    expect(error).toMatchObject({reason: 'unknownProtocol', id: record.id});
    expect(error.message).toBe(
      `The record ${record.id} was refused: token.protocol: there is none named "tasks" here; give it among protocols`,
    );
  });

  test('a protocol whose name is very long, in a message that is not', async () => {
    const record = recordAt();
    const protocol = 'x'.repeat(500_000);
    const error = await refusal({}, {...record, token: {...record.token, protocol}});
    expect(error.why).toBe(`token.protocol: there is none named "${'x'.repeat(40)}" here; give it among protocols`);
  });

  test("an operation to which the client's token may not go", async () => {
    const client = createOperationClient({root: 'https://other.example', token: 'marker-token'});
    const error = await refusal({client, protocols: [tasks]});
    expect(error).toMatchObject({reason: 'foreignOrigin'});
    expect(error.message).toContain("it is on https://graph.example, and the client's origin is https://other.example");
  });

  test('an operation on an origin that neither its token is of nor is trusted', async () => {
    const {http, requests} = serviceOf(['succeeded']);
    const record = recordAt();
    const moved = {...record, token: {...record.token, location: 'https://b.example/c'}};
    const options = {http, token: 'marker-token', protocols: [tasks]};
    const error = await refusal(options, moved);
    expect(error).toMatchObject({reason: 'foreignOrigin'});
    expect(error.why).toBe('token.location: it is on https://b.example, and no token goes there');
    expect(requests).toEqual([]);
    const trusting = {...options, trustedOrigins: ['https://b.example']};
    expect(await takeTurn(createRecord(moved.token, {protocol: tasks}, at(0)), trusting, at(0))).toHaveProperty('done');
  });

  test('but an end is handed over by whoever has it, without a protocol', async () => {
    const {onEnd, ends} = keepEnds();
    const {record} = await takeTurn(recordAt(), {...everySecond, onEnd, http: serviceOf(['failed']).http}, at(0));
    expect(await takeTurn(record, {onEnd}, at(0))).toMatchObject({done: {error: expect.any(OperationFailedError)}});
    expect(ends).toHaveLength(1);
  });

  test.each<[string, object, RegExp]>([
    ['an option that is not there', {totalTimeout: 5}, /^totalTimeout: there is no such option/],
    ['onEnd', {onEnd: 'mail'}, /^onEnd: expected a function, got "mail"$/],
    ['protocols', {protocols: tasks}, /^protocols: expected a list of protocols/],
    ['a protocol that is none', {protocols: [tasks, null]}, /^protocol: expected a protocol such as .*, got null$/],
    [
      'a definition, and no one needs it',
      {protocols: [tasks, {name: 'other'}]},
      /^protocol: expected a protocol such as/,
    ],
    [
      'a client and a token',
      {client: createOperationClient({root: 'https://a.example'}), token: 't'},
      /^token: the client has its own/,
    ],
    ['a client of somebody else', {client: {}}, /^client: expected a client of this package, got an object$/],
  ])('options: %s', async (_, options, message) => {
    await expect(takeTurn(recordAt(), options, at(0))).rejects.toThrow(message);
  });

  test('a time that is none', async () => {
    await expect(takeTurn(recordAt(), everySecond, Number.NaN)).rejects.toThrow(
      /^now: expected milliseconds since 1970/,
    );
    const now = new Date(beginning) as unknown as number;
    expect(() => createRecord(location, {}, now)).toThrow(/^now: expected milliseconds since 1970, got an object$/);
    expect(() => wakeRecord(recordAt(), now)).toThrow(/^now: expected milliseconds since 1970, got an object$/);
  });
});

test('the times of a record are those of the runner, whatever the clock of the process says', async () => {
  const slow = () => new Promise<Response>((resolve) => setTimeout(() => resolve(answered()), 900));
  const answered = (): Response => Response.json({id: 'b', status: 'running'});
  const {http} = serviceOf([slow, 'failed']);
  const past = Date.UTC(1999, 0);
  const record = createRecord(location, {protocol: tasks}, past);
  const first = takeTurn(record, {...everySecond, http}, past);
  await jest.advanceTimersByTimeAsync(900);
  expect(await first).toMatchObject({dueAt: past + 1900, events: [{type: 'polled'}, {type: 'running'}, {}]});
  const {done} = await takeTurns((await first).record, {...everySecond, http});
  expect(done).toMatchObject({status: 'failed', error: {elapsed: 1900}});
});
