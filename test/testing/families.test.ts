import {afterEach, describe, expect, jest, test} from '@jest/globals';
import type {AddOperationOptions, AddResourceOptions} from '../../src/testing/index.ts';
import {
  bearer,
  failureOf,
  field,
  partUrl,
  poll,
  resetPassword,
  sendBatch,
  startEmulator,
  statuses,
} from './emulators.ts';

afterEach(() => {
  jest.useRealTimers();
});

describe('an operation with a custom path', () => {
  test('answers with its id, its status and the fields of the step, under either version', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({
      path: "/teams('a')/operations('b')",
      script: ['notStarted', {status: 'inProgress', fields: {attemptsCount: 1}}],
    });
    expect(operation.location).toBe(`${emulator.root}/v1.0/teams('a')/operations('b')`);
    expect([operation.id, operation.userId]).toEqual(['b', '']);
    expect((await poll(operation.location)).body).toEqual({id: 'b', status: 'notStarted'});
    const beta = await poll(`${emulator.root}/beta/teams('a')/operations(%27b%27)`);
    expect(beta.body).toEqual({id: 'b', status: 'inProgress', attemptsCount: 1});
    expect(operation.status).toBe('inProgress');
    expect((await poll(`${emulator.root}/v1.0/teams('a')/operations('B')`)).response.status).toBe(404);
  });

  test('answers with the body of its script where there is one', async () => {
    const emulator = await startEmulator();
    const body = {status: {state: 'running', description: 'Printing'}};
    const {location} = emulator.addOperation({path: '/print/operations/1', script: [{body}]});
    expect((await poll(location)).body).toEqual(body);
  });

  test('takes its id from the end of the path, unless one is given', async () => {
    const emulator = await startEmulator();
    const id = (options: AddOperationOptions) => emulator.addOperation(options).id;
    expect(id({path: '/a/operations/b'})).toBe('b');
    expect(id({path: '/a/operations(b)'})).toBe('b');
    expect(id({path: "/a/operations('b%2Cc')"})).toBe('b,c');
    expect(id({path: '/a/getResult(id=5)/x', id: 'mine'})).toBe('mine');
    expect(id({path: '/b/{id}/status'})).toMatch(/^[\da-f-]{36}$/);
    const named = emulator.addOperation({path: "/c('{id}')/d", id: 'x y', query: 'e=f'});
    expect(named.location).toBe(`${emulator.root}/v1.0/c('x%20y')/d?e=f`);
    expect((await poll(named.location)).body).toMatchObject({id: 'x y'});
  });

  test('can have no version and accept no token, like the monitor of a drive copy', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({
      path: '/monitor/4A3407B5',
      version: false,
      bearer: false,
      query: 'tempauth=secret',
      script: [
        {http: 202, status: 'inProgress', percentageComplete: 40.5},
        {http: 303, redirect: 'https://elsewhere.example/item', status: 'completed'},
      ],
    });
    expect(operation.location).toBe(`${emulator.root}/monitor/4A3407B5?tempauth=secret`);
    expect((await fetch(operation.location, {headers: bearer})).status).toBe(401);
    const running = await fetch(operation.location);
    expect([running.status, await running.json()]).toEqual([
      202,
      {id: '4A3407B5', status: 'inProgress', percentageComplete: 40.5},
    ]);
    const done = await fetch(operation.location, {redirect: 'manual'});
    expect([done.status, done.headers.get('location')]).toEqual([303, 'https://elsewhere.example/item']);
    expect([operation.status, operation.polls, operation.requests.length]).toEqual(['completed', 2, 3]);
    expect((await fetch(`${emulator.root}/v1.0/monitor/4A3407B5`)).status).toBe(404);
  });

  test('can be the path of a user’s operation', async () => {
    const emulator = await startEmulator();
    emulator.addOperation({path: '/users/u/authentication/operations/o', script: ['running']});
    expect(await statuses(`${emulator.root}/beta/Users/u/Authentication/operations/o`, 1)).toEqual(['running']);
  });

  const wrong: ReadonlyArray<readonly [object, string]> = [
    [{path: 5}, 'options.path: expected a string, got 5'],
    [
      {path: 'a/b'},
      "options.path: expected a path, encoded as in a URL, without version and query, such as '/teams/a/op",
    ],
    [{path: '/a?b'}, 'options.path: expected a path, encoded as in a URL, without version and query'],
    [{path: '/a b'}, 'options.path: expected a path, encoded as in a URL, without version and query'],
    [{path: '/a/%ff'}, 'options.path: expected a path, encoded as in a URL, without version and query'],
    [{path: '/v1.0/a'}, 'options.path: expected a path, encoded as in a URL, without version and query'],
    [{path: '/a', userId: 'b'}, 'options: expected either path or userId, got both'],
    [{version: false}, 'options.version: false requires a path'],
    [{version: 'v2'}, "options.version: expected 'v1.0', 'beta' or false, got 'v2'"],
    [{path: '/taken'}, "options.path: expected a path at which no other endpoint answers GET, got '/taken'"],
  ];
  test.each(wrong.map(([options, message]) => [message, options] as const))(
    'is refused: %s',
    async (message, options) => {
      const emulator = await startEmulator();
      emulator.addResource({path: '/taken'});
      expect(() => emulator.addOperation(options)).toThrow(message);
      expect(emulator.operations).toHaveLength(0);
    },
  );
});

describe('a start', () => {
  test('is answered 202 with the location of the operation it starts, a new one each time', async () => {
    const emulator = await startEmulator();
    const start = emulator.addStart({
      path: "/teams('a')/clone",
      starts: {path: "/teams('a')/operations('{id}')", script: ['inProgress', 'succeeded']},
      location: 'relative',
    });
    const {response, body} = await poll(start.location, {method: 'POST', body: '{"displayName": "x"}'});
    await poll(start.location, {method: 'POST'});
    const [first, second] = start.started;
    expect([response.status, body]).toEqual([202, undefined]);
    expect(response.headers.get('location')).toBe(`/teams('a')/operations('${first?.id}')`);
    expect(first?.location).toBe(`${emulator.root}/v1.0${response.headers.get('location')}`);
    expect(second?.id).not.toBe(first?.id);
    expect(emulator.operations).toEqual([first, second]);
    expect(await statuses(first?.location ?? '', 2)).toEqual(['inProgress', 'succeeded']);
    expect(start.requests).toEqual(emulator.requests.slice(0, 2));
    expect([start.polls, start.requests[0]?.body]).toEqual([2, '{"displayName": "x"}']);
  });

  test('gives the location in any of the headers, along with those of its answer', async () => {
    const emulator = await startEmulator({location: 'relative'});
    const starts: AddOperationOptions = {path: '/monitor/{id}', version: false};
    const printed = emulator.addStart({path: '/a', starts, header: 'Operation-Location', answer: {retryAfter: 5}});
    const one = (await poll(printed.location, {method: 'POST'})).response.headers;
    expect([one.get('operation-location'), one.get('location'), one.get('retry-after')]).toEqual([
      `/monitor/${printed.started[0]?.id}`,
      null,
      '5',
    ]);
    const azure = emulator.addStart({
      path: '/b',
      starts,
      header: 'Azure-AsyncOperation',
      location: 'absolute',
      answer: {location: '/result', fields: {accepted: true}},
    });
    const two = await poll(azure.location, {method: 'POST'});
    expect(two.response.headers.get('azure-asyncoperation')).toBe(azure.started[0]?.location);
    expect([two.response.headers.get('location'), two.body]).toEqual(['/result', {accepted: true}]);
  });

  test('can lead to another server', async () => {
    const [emulator, foreign] = [await startEmulator(), await startEmulator()];
    const monitor = foreign.addOperation({path: '/monitor/1', version: false, bearer: false});
    const copy = emulator.addStart({path: '/drives/d/items/i/copy', answer: {location: monitor.location}});
    const {response} = await poll(copy.location, {method: 'POST'});
    expect([response.status, response.headers.get('location')]).toEqual([202, monitor.location]);
    expect([copy.started, emulator.operations.length, foreign.requests.length]).toEqual([[], 0, 0]);
  });

  test('can be answered 201 with the operation itself', async () => {
    const emulator = await startEmulator();
    const start = emulator.addStart({
      path: '/deviceManagement/reports/exportJobs',
      answer: {http: 201, fields: {reportName: 'Devices'}},
      starts: {path: "/deviceManagement/reports/exportJobs('{id}')"},
      location: 'none',
    });
    const {response, body} = await poll(start.location, {method: 'POST'});
    const [job] = start.started;
    expect([response.status, response.headers.get('location')]).toEqual([201, null]);
    expect(body).toEqual({id: job?.id, status: 'notStarted', reportName: 'Devices'});
    expect((await poll(`${start.location}('${job?.id}')`)).body).toMatchObject({id: job?.id});
  });

  test('plays a script, and starts nothing when it fails', async () => {
    const emulator = await startEmulator();
    const start = emulator.addStart({
      path: '/a',
      script: [{http: 503, retryAfter: 1}, {redirect: '/b'}, {}],
      starts: {},
    });
    const answers: number[] = [];
    for (let index = 0; index < 4; index += 1) {
      answers.push((await poll(start.location, {method: 'POST'})).response.status);
    }
    expect([answers, start.started.length]).toEqual([[503, 302, 202, 202], 2]);
    start.rescript([{http: 403}]);
    expect((await poll(start.location, {method: 'POST'})).response.status).toBe(403);
    const {userId, location} = start.started[0] ?? {};
    expect(location).toContain(`/users/${userId}/authentication/operations/`);
  });

  test('is answered 409 if the operation it starts already exists', async () => {
    const emulator = await startEmulator();
    const start = emulator.addStart({path: '/a', starts: {path: '/a/operations/1'}});
    expect((await poll(start.location, {method: 'POST'})).response.status).toBe(202);
    const {response, body} = await poll(start.location, {method: 'POST'});
    expect([response.status, field(body, 'error', 'code'), start.started.length]).toEqual([409, 'conflict', 1]);
  });

  test('has a method of its own, so that the operation can have the same path', async () => {
    const emulator = await startEmulator();
    const connection = emulator.addStart({path: '/a/1', method: 'PATCH', starts: {path: '/a/1'}});
    const put = emulator.addStart({path: '/a/1', method: 'PUT'});
    expect((await poll(connection.location)).response.headers.get('allow')).toBe('PATCH, PUT');
    expect((await poll(connection.location, {method: 'PATCH'})).response.headers.get('location')).toBe(
      connection.location,
    );
    expect(await statuses(connection.location, 1)).toEqual(['notStarted']);
    const {response} = await poll(connection.location, {method: 'POST'});
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'PATCH, PUT, GET']);
    expect([put.requests.length, emulator.operations[0]?.requests.length]).toEqual([0, 1]);
  });

  test('starts its operation even if the answer is lost', async () => {
    const emulator = await startEmulator();
    const start = emulator.addStart({path: '/a', answer: {fault: 'reset'}, starts: {}});
    expect(await failureOf(fetch(start.location, {method: 'POST', headers: bearer}))).toMatch(
      /ECONNRESET|UND_ERR_SOCKET/,
    );
    expect([start.started.length, start.requests.length]).toEqual([1, 1]);
  });

  test('takes precedence over the emulator’s own resetPassword', async () => {
    const emulator = await startEmulator();
    const path =
      '/users/adele@contoso.example/authentication/methods/28c10230-6103-485e-b985-444c60001490/resetPassword';
    const start = emulator.addStart({path, script: [{http: 403}]});
    expect((await resetPassword(emulator)).status).toBe(403);
    expect([start.polls, emulator.operations.length]).toEqual([1, 0]);
  });

  test('can be part of a batch', async () => {
    const emulator = await startEmulator();
    const start = emulator.addStart({path: '/a/start', starts: {path: '/a/operations/{id}'}});
    const {byId} = await sendBatch(emulator, [
      {url: partUrl(emulator, start), method: 'POST', headers: {'Content-Type': 'application/json'}, body: {a: 1}},
    ]);
    expect(byId.get('0')).toMatchObject({status: 202, headers: {Location: start.started[0]?.location}});
    expect(start.requests).toMatchObject([{method: 'POST', body: '{"a":1}', batched: true}]);
  });

  test('requires the token, or accepts none', async () => {
    const emulator = await startEmulator({token: 'test-token'});
    const closed = emulator.addStart({path: '/a', starts: {}});
    expect((await fetch(closed.location, {method: 'POST'})).status).toBe(401);
    const open = emulator.addStart({path: '/b', version: false, bearer: false, starts: {}});
    expect(open.location).toBe(`${emulator.root}/b`);
    expect((await fetch(open.location, {method: 'POST', headers: bearer})).status).toBe(401);
    expect((await fetch(open.location, {method: 'POST'})).status).toBe(202);
    expect([closed.started.length, open.started.length]).toEqual([0, 1]);
  });

  const wrong: ReadonlyArray<readonly [object, string]> = [
    [{}, 'options.path: expected a string, got undefined'],
    [Object.create({path: '/inherited'}), 'options.path: expected a string, got undefined'],
    [
      {path: '/a/{id}'},
      "options.path: expected a path, encoded as in a URL, without version and query, such as '/teams/a/cl",
    ],
    [{path: '/a', method: 'get'}, "options.method: expected one of 'POST', 'PUT', 'PATCH', 'DELETE', 'GET', got 'get'"],
    [{path: '/a', header: 'Place'}, "options.header: expected one of 'Location', 'Operation-Location', 'Azure-Async"],
    [{path: '/a', location: 'here'}, "options.location: expected one of 'absolute', 'relative', 'none', got 'here'"],
    [{path: '/a', answer: 'running'}, "options.answer: expected an object, got 'running'"],
    [{path: '/a', answer: {http: 1}}, 'options.answer.http: expected a whole number from 200 to 599, got 1'],
    [{path: '/a', script: [{http: 1}]}, 'options.script[0].http: expected a whole number from 200 to 599, got 1'],
    [{path: '/a', script: [{}], answer: {}}, 'options: expected either answer or script, got both'],
    [{path: '/a', starts: {ids: 1}}, "options.starts: unknown field 'ids'; known are script, id,"],
    [{path: '/a', starts: {script: ['a', 5]}}, 'options.starts.script[1]: expected a status or an object, got 5'],
    [{path: '/taken'}, "options.path: expected a path at which no other endpoint answers POST, got '/taken'"],
  ];
  test.each(wrong.map(([options, message]) => [message, options] as const))(
    'is refused: %s',
    async (message, options) => {
      const emulator = await startEmulator();
      emulator.addStart({path: '/taken'});
      expect(() => Reflect.apply(emulator.addStart, emulator, [options])).toThrow(message);
    },
  );
});

describe('a resource', () => {
  test('answers from its script, counted and recorded like an operation', async () => {
    const emulator = await startEmulator();
    const item = emulator.addResource({
      path: '/drives/d/items/i',
      script: [{http: 404, times: 2}, {fields: {name: 'x'}}],
    });
    const [one, two, three] = [await poll(item.location), await poll(item.location), await poll(item.location)];
    expect([one, two, three].map(({response}) => response.status)).toEqual([404, 404, 200]);
    expect(three.body).toEqual({id: 'i', name: 'x'});
    expect([item.polls, item.requests.length, emulator.operations.length]).toEqual([3, 3, 0]);
    item.rescript([{body: [1]}]);
    expect((await poll(item.location)).body).toEqual([1]);
  });

  test('exists by default, with its id; it has a status only if its step has one', async () => {
    const emulator = await startEmulator();
    const bare = emulator.addResource({path: '/sites/s'});
    expect((await poll(bare.location)).body).toEqual({id: 's'});
    bare.rescript(['provisioning', {}]);
    expect((await poll(bare.location)).body).toEqual({id: 's', status: 'provisioning'});
    expect((await poll(bare.location)).body).toEqual({id: 's'});
  });

  test('can have no version, accept no token, have a query, and become visible later', async () => {
    jest.useFakeTimers();
    const emulator = await startEmulator();
    const file = emulator.addResource({
      path: '/files/1',
      version: false,
      bearer: false,
      query: 'sig=a%2Fb',
      visibleAfter: 1000,
      script: [{text: '<a/>'}],
    });
    expect(file.location).toBe(`${emulator.root}/files/1?sig=a%2Fb`);
    expect((await fetch(file.location)).status).toBe(404);
    jest.advanceTimersByTime(1000);
    expect(await (await fetch(file.location)).text()).toBe('<a/>');
    expect((await fetch(file.location, {headers: bearer})).status).toBe(401);
    expect((await fetch(file.location, {method: 'PUT'})).headers.get('allow')).toBe('GET');
    expect([file.polls, file.requests.length]).toEqual([1, 4]);
  });

  const wrong: ReadonlyArray<readonly [object, string]> = [
    [{}, 'options.path: expected a string, got undefined'],
    [{path: '/a', query: 'b c'}, "options.query: expected a query, encoded as in a URL, got 'b c'"],
    [{path: '/a', script: [{http: 1}]}, 'options.script[0].http: expected a whole number from 200 to 599, got 1'],
    [{path: '/a', id: 'b'}, "options: unknown field 'id'; known are path, script, version,"],
    [{path: "/teams('a')/operations('b')"}, 'options.path: expected a path at which no other endpoint answers GET'],
  ];
  test.each(wrong.map(([options, message]) => [message, options] as const))(
    'is refused: %s',
    async (message, options) => {
      const emulator = await startEmulator();
      emulator.addOperation({path: "/teams('a')/operations('b')"});
      const given: AddResourceOptions = {path: '', ...options};
      if (!('path' in options)) Reflect.deleteProperty(given, 'path');
      expect(() => emulator.addResource(given)).toThrow(message);
    },
  );
});
