// "Where requests go", rows 35, 37, 38, 40 and 41 of the table of behaviours; 36, 39 and 42 come with the Graph client.

import {describe, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import {createRecord, RecordRefusedError, takeTurn} from 'operation-poller/runner';
import {createOperationTracker, type OperationTracker} from 'operation-poller/tracker';
import {
  fetchOperation,
  type OperationPoller,
  type PollOptions,
  ProtocolError,
  pollOperation,
  protocols,
  resumeOperation,
  schedules,
} from '../../src/index.ts';
import type {EmulatedOperation, GraphEmulator, OperationStep} from '../../src/testing/index.ts';
import {
  afterwards,
  answered,
  atRest,
  begin,
  failure,
  fakeHttp,
  only,
  quick,
  startEmulator,
  startServer,
  token,
  transport,
  turns,
  types,
  until,
  waits,
  watch,
} from '../support/behaviours.ts';

test.each([
  ['as Graph sends it', 'aadgdc=BY01P&aadgsu=ssprprod-a'],
  ['with escapes in both cases, an empty field and a field twice', 'a=%7e%7E%2F&b=&c&b=2&a=+&d=a%20b'],
  ['with what URLSearchParams would rewrite', 'e=a~b*c(d)!f&$skiptoken=x:y/z?@;,'],
])('35: a location with an opaque query %s is requested byte for byte', async (_, query) => {
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: ['running', 'succeeded'], query, version: 'beta', id: 'b.c~d'});
  const recording = begin(operation.location);
  await recording.poller.result();
  const {pathname} = new URL(operation.location);
  expect(operation.location.endsWith(`?${query}`)).toBe(true);
  expect(operation.requests.map(({path}) => path)).toEqual(Array(2).fill(`${pathname}?${query}`));
  expect(new Set(recording.events.map(({location}) => location))).toEqual(new Set([operation.location]));
  expect(recording.poller.toJSON().location).toBe(operation.location);
  await atRest({emulator, operation, ...recording}, 2);
});

test.each([
  '/beta/users/a/authentication/operations/b?aadgdc=BY01P&aadgsu=ssprprod-a',
  "/v1.0/teams('a')/operations('b')",
  '/x//y/%2E%2Ez?a',
  '/',
])('35: %s is requested as it stands, by string or URL', async (path) => {
  const server = await startServer((_, response) => response.end('{"status": "succeeded"}'));
  const {poller} = begin(`${server.root}${path}`);
  await poller.result();
  await fetchOperation(new URL(`${server.root}${path}`), {...transport, token});
  const [first, second] = server.requests.map(({url}) => url);
  expect([first, second]).toEqual([path, path]);
});

test('35: what fetch itself rewrites goes out as the URL standard says, and is shown and stored as it was given', async () => {
  const server = await startServer((_, response) => response.end('{"status": "succeeded"}'));
  const location = `${server.root}/a/../b?c='d'`;
  const {poller} = begin(location);
  await poller.result();
  expect(server.requests.map(({url}) => url)).toEqual(['/b?c=%27d%27']);
  expect(poller.toJSON().location).toBe(location);
});

/** Two emulators: two origins. */
async function home(
  script: (target: EmulatedOperation) => OperationStep[],
  foreignBearer = false,
): Promise<{
  emulator: GraphEmulator;
  operation: EmulatedOperation;
  foreign: GraphEmulator;
  target: EmulatedOperation;
}> {
  const foreign = await startEmulator();
  const target = foreign.addOperation({
    script: ['running', 'succeeded'],
    bearer: foreignBearer,
    query: 'signature=capability',
  });
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: script(target)});
  return {emulator, operation, foreign, target};
}

const moves: ReadonlyArray<readonly [name: string, header: (location: string) => OperationStep]> = [
  ['Location', (location) => ({status: 'running', location})],
  ['Operation-Location', (location) => ({status: 'running', headers: {'operation-location': location}})],
  ['relative Location', (location) => ({status: 'running', location: location.replace(/^https?:\/\/[^/]+/, '')})],
];

describe('37: a new', () => {
  test.each(moves)('%s on the same origin is followed, event relocated', async (_, header) => {
    const emulator = await startEmulator();
    const target = emulator.addOperation({script: ['running', 'succeeded'], query: 'moved=1'});
    const operation = emulator.addOperation({script: [header(target.location), 'failed']});
    const recording = begin(operation.location);
    const {poller, events} = recording;
    await poller.result();
    expect(types(events)).toEqual([
      'polled',
      'running',
      'relocated',
      'waiting',
      'polled',
      'waiting',
      'polled',
      'succeeded',
    ]);
    expect(only(events, 'relocated')).toMatchObject([
      {from: operation.location, to: target.location, location: target.location, attempt: 1},
    ]);
    expect(events.map(({location}) => location)).toEqual([
      ...Array(2).fill(operation.location),
      ...Array(6).fill(target.location),
    ]);
    expect(poller.toJSON().location).toBe(target.location);
    expect(target.requests.map(({headers}) => headers['authorization'])).toEqual(Array(2).fill(`Bearer ${token}`));
    await atRest({emulator, operation, ...recording}, 1);
    expect(target.requests).toHaveLength(2);
  });

  test.each(moves.slice(0, 2))('%s on a foreign origin: the report counts, not followed', async (_, header) => {
    const {emulator, operation, foreign, target} = await home(({location}) => [
      header(location),
      header(location),
      'succeeded',
    ]);
    const recording = begin(operation.location);
    const {poller, events} = recording;
    await poller.result();
    // 71: told once, with the origin alone, and polled where it worked.
    expect(types(events)).toEqual([
      'polled',
      'running',
      'relocated',
      'waiting',
      'polled',
      'waiting',
      'polled',
      'succeeded',
    ]);
    expect(only(events, 'relocated')).toMatchObject([
      {from: operation.location, to: foreign.root, followed: false, location: operation.location},
    ]);
    expect(poller.toJSON()).toMatchObject({location: operation.location, observed: {running: 2, notFollowed: 2}});
    await atRest({emulator, operation, ...recording}, 3);
    expect([target.requests, foreign.requests]).toEqual([[], []]);
  });

  test('Location on a foreign origin, where the protocol allows foreign hosts: followed without token', async () => {
    const protocol = protocols.define({...protocols.longRunning, name: 'roaming', foreignHosts: true});
    const {emulator, operation, target} = await home(({location}) => [{status: 'running', location}]);
    const recording = begin(operation.location, {protocol});
    const {poller, events} = recording;
    await poller.result();
    expect(types(events)).toEqual([
      'polled',
      'running',
      'relocated',
      'waiting',
      'polled',
      'waiting',
      'polled',
      'succeeded',
    ]);
    const [shown] = target.location.split('?');
    expect(only(events, 'relocated')).toMatchObject([{from: operation.location, to: shown}]);
    expect(events.map(({location}) => location)).toEqual([
      ...Array(2).fill(operation.location),
      ...Array(6).fill(shown),
    ]);
    expect(poller.toJSON()).toMatchObject({location: target.location, tokenOrigin: emulator.root});
    expect(target.requests.map(({headers}) => headers['authorization'])).toEqual([undefined, undefined]);
    expect(target.requests.map(({path}) => path)).toEqual(
      Array(2).fill(target.location.slice(target.location.indexOf('/v1.0'))),
    );
    await atRest({emulator, operation, ...recording}, 1);
    expect(target.requests).toHaveLength(2);
  });

  test('Location on a foreign origin: no token there after a resume either', async () => {
    const protocol = protocols.define({...protocols.longRunning, name: 'roaming', foreignHosts: true});
    const {operation, target} = await home(({location}) => [{status: 'running', location}]);
    const {poller} = begin(operation.location, {protocol});
    await new Promise((resolve) => poller.on('relocated', resolve));
    poller.stop();
    const resumed = resumeOperation(JSON.stringify(poller), {...quick, protocol});
    await resumed.result();
    expect(target.requests.map(({headers}) => headers['authorization'])).toEqual([undefined, undefined]);
  });

  test('Location on a trusted origin: followed with the token', async () => {
    const {emulator, operation, foreign, target} = await home(({location}) => [{status: 'running', location}], true);
    const recording = begin(operation.location, {trustedOrigins: [foreign.root]});
    await recording.poller.result();
    expect(types(recording.events)).toContain('relocated');
    expect(target.requests.map(({headers}) => headers['authorization'])).toEqual(Array(2).fill(`Bearer ${token}`));
    await atRest({emulator, operation, ...recording}, 1);
  });

  test('Location that is the present one, or that comes with the end, moves nothing', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation();
    const {location} = operation;
    operation.rescript([
      {status: 'running', location},
      {status: 'succeeded', location: 'https://foreign.example/result'},
    ]);
    const recording = begin(location);
    await recording.poller.result();
    expect(types(recording.events)).toEqual(['polled', 'running', 'waiting', 'polled', 'succeeded']);
    await atRest({emulator, operation, ...recording}, 2);
  });

  test.each(['file:///etc/passwd', 'javascript:alert(1)', 'https://user:password@graph.example/'])(
    'Location %s: the report counts, not followed',
    async (location) => {
      const watched = await watch([{status: 'running', location}, 'succeeded']);
      await watched.poller.result();
      expect(only(watched.events, 'relocated')).toMatchObject([{to: 'not an http or https URL', followed: false}]);
      expect(JSON.stringify(watched.events)).not.toContain('password');
      await atRest(watched, 2);
    },
  );
});

const redirects = [301, 302, 303, 307, 308];

describe('38: a redirect', () => {
  test.each(redirects)('%i to another origin: followed, no token there', async (http) => {
    const {emulator, operation, target} = await home(({location}) => [{redirect: location, http}]);
    const recording = begin(operation.location, {
      http: (transport.http ?? ky).extend({headers: {authorization: 'Bearer of-the-instance'}}),
    });
    const {poller, events} = recording;
    expect((await poller.result()).status).toBe('succeeded');
    expect(target.requests.map(({headers}) => headers['authorization'])).toEqual([undefined, undefined]);
    expect(target.requests.map(({path}) => path.endsWith('?signature=capability'))).toEqual([true, true]);
    expect(operation.requests.map(({headers}) => headers['authorization'])).toEqual(Array(2).fill(`Bearer ${token}`));
    expect(types(events)).toEqual(['polled', 'running', 'waiting', 'polled', 'succeeded']);
    expect(new Set(events.map(({location}) => location))).toEqual(new Set([operation.location]));
    expect(JSON.stringify(events)).not.toContain('capability');
    await atRest({emulator, operation, ...recording}, 2);
  });

  test.each(redirects)('%i within the origin: followed with the token', async (http) => {
    const emulator = await startEmulator();
    const target = emulator.addOperation({script: ['succeeded']});
    const operation = emulator.addOperation({script: [{redirect: target.location.replace(emulator.root, ''), http}]});
    const recording = begin(operation.location);
    await recording.poller.result();
    expect(target.requests.map(({headers}) => headers['authorization'])).toEqual([`Bearer ${token}`]);
    await atRest({emulator, operation, ...recording}, 1);
  });

  test('to another origin and back: the token at home alone', async () => {
    const {emulator, operation, target} = await home(({location}) => [{redirect: location}]);
    const back = emulator.addOperation({script: ['succeeded']});
    target.rescript([{redirect: back.location}]);
    const recording = begin(operation.location);
    await recording.poller.result();
    const sent = [operation, target, back].map(({requests}) => requests.map(({headers}) => headers['authorization']));
    expect(sent).toEqual([[`Bearer ${token}`], [undefined], [`Bearer ${token}`]]);
    await atRest({emulator, operation, ...recording}, 1);
  });

  test('without end: protocol trouble after a few', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation();
    operation.rescript([{redirect: operation.location}]);
    const recording = begin(operation.location, {consecutiveFailures: 2});
    const error = await failure(recording.poller.result(), ProtocolError);
    expect(error.observed).toEqual({protocol: 2});
    await atRest({emulator, operation, ...recording}, 12);
  });

  test('to something that is no http: protocol trouble', async () => {
    const watched = await watch([{redirect: 'file:///etc/passwd'}], {consecutiveFailures: 1});
    await failure(watched.poller.result(), ProtocolError);
    await atRest(watched, 1);
  });

  test('304 is no redirect but trouble', async () => {
    const watched = await watch([{http: 304, text: ''}], {consecutiveFailures: 1});
    await failure(watched.poller.result(), ProtocolError);
    await atRest(watched, 1);
  });
});

const refused: ReadonlyArray<readonly [location: unknown, options: PollOptions, says: RegExp]> = [
  ['http://graph.example/operations/b?c=d', {token}, /^location: expected https.*got http:\/\/graph\.example$/],
  ['http://graph.example/operations/b', {token: () => token}, /^location: expected https/],
  ['http://127.0.0.1.evil.example/operations/b', {token}, /^location: expected https/],
  ['http://10.0.0.1/operations/b', {token}, /^location: expected https/],
  ['http://localhost.example/', {token}, /^location: expected https/],
  ['file:///etc/passwd', {}, /^location: .* begins with file:$/],
  ['ftp://graph.example/b', {}, /^location: .* begins with ftp:$/],
  ['javascript:alert(1)', {}, /^location: .* begins with javascript:$/],
  ['data:application/json,{}', {}, /^location: .* begins with data:$/],
  ['https://user:secret@graph.example/b', {}, /^location: .* without user name and password/],
  ['/operations/b', {}, /^location: .* a string without a scheme$/],
  ['', {}, /^location: .* got an empty string$/],
  ['https://', {}, /^location: /],
  [undefined, {}, /^location: expected an absolute http or https URL, got undefined$/],
  [null, {}, /^location: .* got null$/],
  [5, {}, /^location: .* got 5$/],
];

describe('40: refused at the call, and nothing is asked:', () => {
  test.each(refused)('%s', async (location, options, says) => {
    const {http, requests} = fakeHttp(() => answered('succeeded'));
    const given = {...options, http};
    let error: unknown;
    try {
      pollOperation(location as string, given).stop();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).toMatch(says);
    expect((error as TypeError).message).not.toMatch(/secret|c=d/);
    await expect(fetchOperation(location as string, given)).rejects.toThrow(TypeError);
    await turns();
    expect(requests).toEqual([]);
  });
});

describe('40: a token over http on a public host, refused by all who would poll there:', () => {
  const location = 'http://graph.example/operations/b?c=d';
  const why =
    'token.location: expected https, or http on this machine, because a token goes there; got http://graph.example';

  test('takeTurn', async () => {
    const {http, requests} = fakeHttp(() => answered('succeeded'));
    const turn = takeTurn(createRecord(location), {token, http}, Date.now());
    const error = await failure(turn, RecordRefusedError);
    expect(error).toMatchObject({why, reason: 'foreignOrigin'});
    expect(requests).toEqual([]);
    expect(await takeTurn(createRecord(location), {http}, Date.now())).toHaveProperty('done');
    expect(await takeTurn(createRecord('http://localhost/b'), {token, http}, Date.now())).toHaveProperty('done');
  });

  test('add of a tracker, and nothing is stored', async () => {
    const {http, requests} = fakeHttp(() => answered('succeeded'));
    await using tracker = await createOperationTracker({token, http});
    expect((await failure(tracker.add(location), RecordRefusedError)).why).toBe(why);
    expect(await tracker.list()).toEqual([]);
    expect(requests).toEqual([]);
  });

  test('a tracker that finds it in its store', async () => {
    const {http, requests} = fakeHttp(() => answered('succeeded'));
    const texts = new Map([[location, JSON.stringify(createRecord(location))]]);
    const store = {
      list: async () => [...texts.keys()],
      read: async (key: string) => texts.get(key),
      write: async () => {},
      remove: async () => {},
    };
    const trackers: OperationTracker[] = [];
    const reported = await new Promise((resolve, reject) => {
      createOperationTracker({token, http, store, onError: resolve}).then((made) => trackers.push(made), reject);
    });
    expect(reported).toMatchObject({reason: 'record', cause: {why}});
    await trackers[0]?.close();
    expect(requests).toEqual([]);
  });
});

describe('40: taken:', () => {
  test.each([
    ['https://graph.example/b', {token}],
    ['http://localhost:8080/b', {token}],
    ['http://127.0.0.1/b', {token}],
    ['http://127.8.8.8/b', {token}],
    ['http://[::1]:80/b', {token}],
    ['http://graph.example/b', {}],
    [
      'http://graph.example/b',
      {token, protocol: protocols.define({...protocols.longRunning, name: 'x', authorization: 'none'})},
    ],
  ] satisfies Array<[string, PollOptions]>)('%s', async (location, options: PollOptions) => {
    const {http, requests} = fakeHttp(() => answered('succeeded'));
    const poller = pollOperation(location, {...options, http});
    await poller.result();
    const sent = options.token === undefined || options.protocol !== undefined ? null : `Bearer ${token}`;
    expect(requests.map(({headers}) => headers.get('authorization'))).toEqual([sent]);
  });
});

/** Random numbers that are the same in each run. */
function seeded(): void {
  let state = 1;
  jest.spyOn(Math, 'random').mockImplementation(() => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  });
}

function startThousand(make: (options: PollOptions) => OperationPoller): {
  readonly requests: ReadonlyArray<{readonly at: number}>;
  readonly delays: number[];
} {
  const {http, requests} = fakeHttp(() => answered('running'));
  const delays: number[] = [];
  for (let index = 0; index < 1000; index += 1) {
    const poller = make({http});
    poller.on('waiting', ({delay, because, attempt}) => {
      expect(because).toBe('schedule');
      if (delays.push(delay) > 1000) poller.stop();
      else expect(attempt).toBeGreaterThan(0);
    });
    afterwards(() => poller.stop());
  }
  return {requests, delays};
}

test.each([
  ['at first', 0, 1000, 0.1],
  ['at the cap too', 50, 30_000, 0.1],
])('41: 1000 pollers started together spread, %s', async (_, attempt, most) => {
  seeded();
  jest.useFakeTimers({now: Date.UTC(2030, 0, 1)});
  const location = 'https://graph.example/operations/b';
  const {requests, delays} = startThousand(({http}) => {
    const options = {http, totalTimeout: false} as const;
    if (attempt === 0) return pollOperation(location, options);
    const begun = pollOperation(location, options);
    begun.stop();
    return resumeOperation({...begun.toJSON(), attempt}, options);
  });
  const start = Date.now();
  await until(() => delays.length === 1000);
  expect(requests.filter(({at}) => at === start)).toHaveLength(1000);
  const tenths = Array(10).fill(0) as number[];
  for (const delay of delays) {
    // Chance leaves 100 ms of each wait.
    const tenth = Math.min(9, Math.floor(((delay - 100) / (most - 100)) * 10));
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  expect(Math.min(...tenths)).toBeGreaterThan(60);
  expect(Math.max(...tenths)).toBeLessThan(150);
  expect(Math.max(...delays)).toBeLessThanOrEqual(most);

  // And so do the requests that follow.
  await jest.advanceTimersByTimeAsync(100 + (most - 100) / 2);
  const later = requests.slice(1000).map(({at}) => at - start);
  expect(later.length).toBeGreaterThan(400);
  expect(new Set(later).size).toBeGreaterThan(300);
});

test('41: the same delays without chance, for comparison: all at once', async () => {
  jest.useFakeTimers();
  const {http, requests} = fakeHttp(() => answered('running'));
  const pollers = Array.from({length: 10}, () =>
    begin('https://graph.example/operations/b', {http, schedule: schedules.exponential({jitter: 'none'})}),
  );
  await until(() => pollers.every(({events}) => waits(events).length === 1));
  await jest.advanceTimersByTimeAsync(1000);
  expect(new Set(requests.slice(10).map(({at}) => at)).size).toBe(1);
  expect(requests).toHaveLength(20);
});
