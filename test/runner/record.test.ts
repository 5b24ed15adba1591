import {describe, expect, test} from '@jest/globals';
import {pollOperation, protocols} from '../../src/index.ts';
import {
  createRecord,
  dueAtOf,
  type OperationRecord,
  outcomeOf,
  RecordRefusedError,
  readOutcome,
  takeTurn,
  wakeRecord,
  writeOutcome,
} from '../../src/runner/index.ts';
import {beginning, location, tasks, thrownBy} from '../support/core.ts';
import {answer, everySecond, facts, keepEnds, recordAt, serviceOf, stored, takeTurns} from './turns.ts';

describe('a record', () => {
  test('of a location: due after the initial delay, with an id of its own', () => {
    const one = createRecord(location, {protocol: tasks, initialDelay: 500, data: [1]}, beginning);
    const other = createRecord(new URL(location), {protocol: tasks, key: 'adele'}, beginning);
    expect(one).toMatchObject({version: 1, key: location, data: [1], token: {location, startedAt: beginning}});
    expect(dueAtOf(one)).toBe(beginning + 500);
    expect(other.key).toBe('adele');
    expect(other).not.toHaveProperty('data');
    expect(one.id).not.toBe(other.id);
    expect(outcomeOf(one)).toBeUndefined();
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'record: expected an object, got undefined'],
    ['its text', '{}', 'record: expected an object, got a string'],
    ['a record without a token', {}, 'token: expected a resume token, got undefined'],
    ['a token that is text', {token: '{}'}, 'token: expected a resume token, got "{}"'],
    [
      'a token without a time',
      {token: {}},
      'dueAt: expected milliseconds since 1970, from -8640000000000000 on, got NaN',
    ],
    ['an end without a time', {token: {}, ended: {dueAt: '5'}}, 'dueAt: expected milliseconds since 1970, got "5"'],
  ])('dueAtOf names what is wrong with %s', (_, given, message) => {
    expect(thrownBy(() => dueAtOf(given as OperationRecord))).toHaveProperty('message', message);
  });

  test('is made and woken at any time that a date can have', () => {
    const last = 8.64e15;
    const record = createRecord(location, {protocol: tasks}, beginning);
    expect(wakeRecord(record, last)).toBe(record);
    expect(() => wakeRecord(record, last + 1)).toThrow(
      new RangeError(`now: expected milliseconds since 1970, up to ${last}, got ${last + 1}`),
    );
    expect(() => createRecord(location, {protocol: tasks}, -1)).toThrow(
      /^now: expected milliseconds since 1970, from 0/,
    );
  });

  test.each<[string, unknown, unknown, string]>([
    ['outcome', undefined, {}, 'outcome: expected an outcome, got undefined'],
    ['outcome', {}, {}, 'outcome: expected an outcome, got an object'],
    ['token', {status: 'succeeded'}, undefined, 'token: expected a resume token, got undefined'],
    ['token', {status: 'succeeded'}, '{}', 'token: expected a resume token, got "{}"'],
  ])('writeOutcome names the %s that is none', (_, outcome, token, message) => {
    expect(() => Reflect.apply(writeOutcome, undefined, [outcome, token])).toThrow(new TypeError(message));
  });

  test('of a poller and of its resume token: goes on where that is', async () => {
    const {http} = serviceOf(['running']);
    const poller = pollOperation(location, {http, protocol: tasks, schedule: () => 60_000});
    await poller.waitFor('running');
    await new Promise((resolve) => setImmediate(resolve));
    const token = poller.toJSON();
    for (const place of [poller, token]) {
      const record = createRecord(place, {protocol: tasks}, Date.now());
      expect(record.token).toMatchObject({attempt: 1, dueAt: token.dueAt, operation: {status: 'running'}});
    }
    expect(poller.abandoned).toBeUndefined();
    poller.stop();
    const record = createRecord(poller, {protocol: tasks}, Date.now());
    expect(record.token).not.toHaveProperty('abandoned');
  });

  test('of a poller takes the protocol from it, unless the options have one', () => {
    const {http} = serviceOf(['running']);
    const poller = pollOperation(location, {http, protocol: tasks, initialDelay: 60_000});
    expect(createRecord(poller).token.protocol).toBe(tasks.name);
    expect(() => createRecord(poller, {protocol: protocols.longRunning})).toThrow(/its protocol is "tasks"/);
    poller.stop();
  });

  test('of an operation that has ended: handed over without a request', async () => {
    const service = serviceOf(['failed']);
    const poller = pollOperation(location, {http: service.http, protocol: tasks});
    const outcome = await poller.outcome();
    const {onEnd, ends} = keepEnds();
    const now = Date.now() + 1000;
    const {done} = await takeTurns(createRecord(poller, {protocol: tasks}, now), {
      ...everySecond,
      http: service.http,
      onEnd,
    });
    expect(facts(done)).toEqual(facts(outcome));
    expect(ends).toHaveLength(1);
    expect(service.requests).toHaveLength(1);
  });

  test.each<[string, object, RegExp]>([
    ['an option that is not there', {retries: 5}, /^retries: there is no such option/],
    ['key', {key: 5}, /^key: expected a string, got 5$/],
    ['initialDelay', {initialDelay: -1}, /^initialDelay: expected milliseconds/],
    [
      'a wait of more than a year',
      {initialDelay: 4e10},
      /^initialDelay: expected milliseconds, up to 31622400000, got/,
    ],
    ['data without a JSON form', {data: {amount: 5n}}, /^data\.amount: expected what JSON can express, got a bigint$/],
    ['data that is a function', {data: () => {}}, /^data: expected what JSON can express, got a function$/],
    ['data that is a symbol', {data: Symbol('mail')}, /^data: expected what JSON can express, got Symbol\(mail\)$/],
    [
      'data of which JSON keeps nothing',
      {data: new Map([[1, 2]])},
      /^data: expected what JSON can express, got an object of the class Map$/,
    ],
    [
      'data in which JSON loses something',
      {data: {rows: [{at: new Map()}]}},
      /^data\.rows\.0\.at: expected what JSON can express, got an object of the class Map$/,
    ],
    ['data with NaN', {data: {n: Number.NaN}}, /^data\.n: expected what JSON can express, got NaN$/],
  ])('refuses %s', (_, options, message) => {
    expect(() => createRecord(location, options)).toThrow(message);
  });

  test('takes all data that JSON can hold', () => {
    class Mail {
      to = 'megan@contoso.com';
    }
    class Nobody {
      toJSON = (): object => ({});
    }
    for (const data of [null, 0, '', false, {}, [], new Date(0), Object.create(null), new Mail(), new Nobody()]) {
      expect(JSON.stringify(createRecord(location, {data}).data)).toBe(JSON.stringify(data));
    }
  });
});

test.each([new Date(beginning), String(beginning), null, Number.NaN, Number.POSITIVE_INFINITY, -1])(
  'the time %p is none: it would make a record that cannot be read',
  (value) => {
    const now = value as number;
    const message = /^now: expected milliseconds since 1970/;
    expect(() => createRecord(location, {protocol: tasks}, now)).toThrow(message);
    expect(() => wakeRecord(recordAt(), now)).toThrow(message);
  },
);

describe('a hostile record is refused, and the message names the field', () => {
  const record = recordAt({key: 'adele'});
  const over = async (): Promise<OperationRecord> => {
    const {onEnd} = keepEnds();
    const options = {...everySecond, onEnd, http: serviceOf([answer(503)]).http, consecutiveFailures: 1};
    return stored((await takeTurn(record, options, beginning)).record);
  };
  const ended = {dueAt: beginning, rejections: 0};
  const deep = JSON.parse('['.repeat(5000) + ']'.repeat(5000));
  const fetching = {attempts: 1, since: beginning, dueAt: beginning};

  test.each<[string, unknown, RegExp]>([
    ['null', null, /^record: expected an object, got null$/],
    ['text', JSON.stringify(record), /^record: expected an object, got a string$/],
    ['a list', [], /^record: expected an object, got a list$/],
    ['no version', {...record, version: undefined}, /^version: expected 1, got undefined$/],
    ['a later version', {...record, version: 2}, /^version: expected 1, got 2$/],
    ['an id that is none', {...record, id: 5}, /^id: expected a string that is not empty, got 5$/],
    ['an empty id', {...record, id: ''}, /^id: expected a string that is not empty, got ""$/],
    [
      'data nested too deeply',
      {...record, data: deep},
      /^data: expected what JSON can express, got one that it cannot/,
    ],
    ['no key', {...record, key: undefined}, /^key: expected a string, got undefined$/],
    ['a foreign field', {...record, owner: 'a'}, /^owner: there is no such field; there are version, id/],
    [
      '__proto__',
      JSON.parse(JSON.stringify(record).replace('{', '{"__proto__": {"a": 1}, ')),
      /^__proto__: there is no/,
    ],
    ['no token', {...record, token: undefined}, /^token: expected a resume token, got undefined$/],
    ['a token of another kind', {...record, token: {kind: 'x'}}, /^Invalid resume token: its kind is "x", not/],
    ['a location that is none', {...record, token: {...record.token, location: 'file:///etc'}}, /token's location/],
    ['an end of a watch that goes on', {...record, ended}, /^ended: its watch is not over$/],
    [
      'a result of what goes on',
      {...record, fetching},
      /^fetching: its operation has not succeeded, or its end is recorded$/,
    ],
    [
      'a count that is none',
      {...record, fetching: {...fetching, attempts: -1}},
      /^fetching\.attempts: expected a whole/,
    ],
    [
      'a fetch without times',
      {...record, fetching: {attempts: 1}},
      /^fetching\.since: expected milliseconds since 1970/,
    ],
    ['an end that is none', {...record, ended: 'yes'}, /^ended: expected an object, got a string$/],
  ])('%s', async (_, hostile, message) => {
    const given = hostile as OperationRecord;
    const error: unknown = await takeTurn(given, everySecond, beginning).catch((reason: unknown) => reason);
    if (!(error instanceof RecordRefusedError)) throw error;
    expect(error.reason).toBe('invalidRecord');
    expect(error.message.replace(/^.* was refused: /, '')).toMatch(message);
    expect(thrownBy(() => outcomeOf(given))).toBeInstanceOf(RecordRefusedError);
  });

  test.each<[string, object, RegExp]>([
    ['dueAt', {dueAt: 'soon'}, /ended\.dueAt: expected milliseconds since 1970, got "soon"$/],
    ['no dueAt', {dueAt: undefined}, /ended\.dueAt: expected milliseconds since 1970, got undefined$/],
    ['rejections', {rejections: -1}, /ended\.rejections: expected a whole number from 0 on, got -1$/],
    ['rawStatus', {rawStatus: 5}, /ended\.rawStatus: expected a string, got 5$/],
    ['resultFailedAt', {resultFailedAt: 5}, /ended\.resultFailedAt: its operation has not succeeded$/],
    ['a cause that is none', {cause: 5}, /ended\.cause: expected an object, got 5$/],
    ['a cause without a kind', {cause: {message: '', transient: true}}, /ended\.cause\.kind: expected 'http'/],
    [
      "a cause's answer",
      {cause: {message: '', kind: 'http', transient: true, answer: {httpStatus: 'x', clientRequestId: ''}}},
      /ended\.cause\.answer\.httpStatus: expected a whole number, got "x"$/,
    ],
    ['a foreign field', {later: 5}, /ended\.later: there is no such field/],
  ])("an end's %s", async (_, changes, message) => {
    const abandoned = await over();
    expect(outcomeOf(abandoned)).toMatchObject({status: 'abandoned', reason: 'unreachable'});
    const hostile = {...abandoned, ended: {...ended, ...changes}} as OperationRecord;
    expect(thrownBy(() => outcomeOf(hostile))).toMatchObject({
      name: 'RecordRefusedError',
      id: record.id,
      message: expect.stringMatching(message),
    });
  });

  test('an id and words of any length and content: a message that a log can show', async () => {
    const id = `\u001b[31m${'x'.repeat(10_000)}`;
    const token = {...record.token, protocol: 'y'.repeat(10_000)};
    const error: unknown = await takeTurn({...record, id, token}, everySecond, beginning).catch(
      (reason: unknown) => reason,
    );
    if (!(error instanceof RecordRefusedError)) throw error;
    expect(error.message.length).toBeLessThan(300);
    expect(error.message).not.toContain('\u001b');
  });
});

describe('a time of a record that cannot be right is repaired, and its turn is taken', () => {
  const far = Date.UTC(9999, 0);
  const begun = recordAt({totalTimeout: false});
  const later = beginning + 60_000;
  /** The record after a poll, with some times changed. */
  const forged = async (times: object, {token: changes = {}, ...fields}: Record<string, object> = {}) => {
    const {http} = serviceOf(['running']);
    const {record} = await takeTurn(begun, {...everySecond, http}, beginning);
    return stored({...record, token: {...record.token, ...times, ...changes}, ...fields}) as OperationRecord;
  };

  test.each<[string, object]>([
    ['dueAt', {dueAt: far}],
    ['dueAt and notBefore', {dueAt: far, notBefore: far}],
    ['dueAt, by what a date can have at most', {dueAt: 8.64e15}],
    ['dueAt of what was not polled yet', {dueAt: far, attempt: 0, observed: {}, operation: undefined}],
  ])('%s', async (_, times) => {
    const service = serviceOf(['succeeded']);
    const turn = await takeTurn(await forged(times), {...everySecond, http: service.http}, later);
    expect(turn).toMatchObject({done: {status: 'succeeded'}});
    expect(service.requests).toHaveLength(1);
  });

  test('a wait that a service, a schedule or a user may have asked for is kept', async () => {
    const year = 365 * 24 * 3_600_000;
    const record = await forged({dueAt: later + year});
    expect(await takeTurn(record, everySecond, later)).toEqual({record, events: [], dueAt: later + year});
  });

  test.each(['startedAt', 'changedAt', 'lastSeenAt', 'missingSince'])('%s after now', async (name) => {
    const {http} = serviceOf([answer(404)]);
    const turn = await takeTurn(await forged({[name]: far}), {...everySecond, http, notFoundGrace: 0}, later);
    // A `missingSince` in the future made the grace that much longer.
    expect(turn).toMatchObject({done: {status: 'abandoned', reason: 'notFound'}});
    expect(Object(turn).done.error.elapsed).toBeGreaterThanOrEqual(0);
    for (const time of ['startedAt', 'changedAt', 'lastSeenAt', 'missingSince'] as const)
      expect(Object(turn.record.token)[time] ?? 0).toBeLessThanOrEqual(later + 1000);
  });

  test('a stalled operation is noticed, although it seems to have changed after now', async () => {
    const {http} = serviceOf(['running']);
    const {record} = await takeTurn(await forged({changedAt: far}), {...everySecond, http}, later);
    const {events} = await takeTurn(record, {...everySecond, http, stalledAfter: 1000}, later + 2000);
    expect(events.map(({type}) => type)).toContain('stalled');
  });

  test('when a result is fetched next', async () => {
    const fetching = {attempts: 1, since: beginning, dueAt: far};
    const operation = {
      id: 'b',
      status: 'succeeded',
      rawStatus: 'succeeded',
      raw: {},
      resourceLocation: `${location}/r`,
    };
    const record = await forged({operation, endedAt: beginning}, {fetching});
    const service = serviceOf([answer(200, {}, {size: 5})]);
    const turn = await takeTurn(record, {...everySecond, http: service.http, fetchResult: true}, later);
    expect(turn).toMatchObject({done: {status: 'succeeded', operation: {result: {size: 5}}}});
  });
});

describe('an outcome as JSON', () => {
  test.each([
    ['succeeded', 'succeeded', {}],
    ['failed', 'failed', {}],
    ['canceled', 'canceled', {}],
    ['unreachable', answer(503, {'request-id': 'r'}), {consecutiveFailures: 1, retry: {retries: 0}}],
    ['an unknown word', 'odd', {unknownStatus: 'fail'}],
  ] as const)('%s: the same when it is read', async (_, scripted, options) => {
    const {http} = serviceOf([scripted]);
    const poller = pollOperation(location, {http, protocol: tasks, ...options});
    const outcome = await poller.outcome();
    const json = writeOutcome(outcome, poller.toJSON());
    const read = readOutcome(JSON.parse(JSON.stringify(json)));
    expect(facts(read)).toEqual(facts(outcome));
    if (read.status === 'abandoned' && outcome.status === 'abandoned') {
      expect(read.error).toBeInstanceOf(outcome.error.constructor);
      expect(read.error.cause).toEqual(outcome.error.cause);
    }
  });

  test('stopped: the same when it is read', async () => {
    const poller = pollOperation(location, {http: serviceOf(['running']).http, protocol: tasks});
    poller.stop();
    const outcome = await poller.outcome();
    expect(facts(readOutcome(writeOutcome(outcome, poller.toJSON())))).toEqual(facts(outcome));
  });

  test('what is none is refused', () => {
    const {token} = recordAt();
    const read = (json: unknown): unknown => thrownBy(() => readOutcome(json as Parameters<typeof readOutcome>[0]));
    expect(read({token})).toMatchObject({
      name: 'InvalidResumeTokenError',
      message: expect.stringContaining('is not over'),
    });
    expect(read({})).toMatchObject({name: 'TypeError', message: expect.stringContaining('outcome.token')});
    expect(read({token, cause: 5})).toMatchObject({message: 'outcome.cause: expected an object, got 5'});
  });
});
