import {describe, expect, test} from '@jest/globals';
import {bearer, field, poll, startEmulator, statuses} from './emulators.ts';

const graphDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const guid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

describe('an operation is answered', () => {
  test('in the documented shape', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation();
    const {response, body} = await poll(operation.location);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json;/);
    expect(body).toEqual({
      '@odata.context': `${emulator.root}/v1.0/$metadata#users('${operation.userId}')/authentication/operations/$entity`,
      id: operation.id,
      status: 'notStarted',
      createdDateTime: expect.stringMatching(graphDate),
      lastActionDateTime: expect.stringMatching(graphDate),
      statusDetail: null,
      resourceLocation: null,
    });
  });

  test('at a location with an opaque query and the object id of the user', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({id: 'a,b 7', userId: 'Adele@contoso.example', version: 'beta'});
    expect(operation.userId).toMatch(guid);
    expect(operation.location).toBe(
      `${emulator.root}/beta/users/${operation.userId}/authentication/operations/a%2Cb%207?aadgdc=BY01P&aadgsu=ssprprod-a`,
    );
    expect(field((await poll(operation.location)).body, 'id')).toBe('a,b 7');
    expect(emulator.addOperation({userId: 'adele@CONTOSO.example'}).userId).toBe(operation.userId);
    expect(emulator.addOperation({userId: 'an-object-id', query: ''}).location).toMatch(/an-object-id\/.*\/[\w-]+$/);
  });

  test('under either version, by the name of the user, in any case of the path', async () => {
    const emulator = await startEmulator();
    emulator.addOperation({id: 'x', userId: 'adele@contoso.example', script: ['running']});
    const location = `${emulator.root}/BETA/Users/adele%40contoso.example/Authentication/operations/x`;
    expect(await statuses(location, 1)).toEqual(['running']);
  });

  test('with a date that changes with the status', async () => {
    const emulator = await startEmulator();
    const createdDateTime = '2020-03-19T12-01-03.45Z';
    const {location} = emulator.addOperation({createdDateTime, script: ['notStarted', 'running']});
    expect((await poll(location)).body).toMatchObject({createdDateTime, lastActionDateTime: createdDateTime});
    const {body} = await poll(location);
    expect(body).toMatchObject({createdDateTime, lastActionDateTime: expect.stringMatching(graphDate)});
    const dated = emulator.addOperation({createdDateTime: new Date(Date.UTC(2020, 4, 14, 0, 23, 40, 999))});
    expect((await poll(dated.location)).body).toMatchObject({createdDateTime: '2020-05-14T00:23:40Z'});
  });

  test('with a request id of its own and the client request id of the request', async () => {
    const emulator = await startEmulator();
    const {location} = emulator.addOperation();
    const before = Date.now();
    const {response} = await poll(location, {headers: {'client-request-id': 'mine'}});
    expect(response.headers.get('client-request-id')).toBe('mine');
    expect(response.headers.get('request-id')).toMatch(guid);
    // In whole seconds, as HTTP has it.
    expect(Date.parse(response.headers.get('date') ?? '')).toBeGreaterThan(before - 1000);
    const next = (await poll(location)).response.headers;
    expect(next.get('client-request-id')).toBe(next.get('request-id'));
    expect(next.get('request-id')).not.toBe(response.headers.get('request-id'));
  });

  test('404 when the id, the user or the path is unknown', async () => {
    const emulator = await startEmulator();
    const {location, userId} = emulator.addOperation({id: 'known'});
    const wrong = [location.replace('known', 'unknown'), location.replace(userId, 'somebody-else')];
    for (const url of wrong) {
      const {response, body} = await poll(url, {headers: {'client-request-id': 'mine'}});
      expect(response.status).toBe(404);
      expect(body).toEqual({
        error: {
          code: 'itemNotFound',
          message: expect.any(String),
          innerError: {
            date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
            'request-id': response.headers.get('request-id'),
            'client-request-id': 'mine',
          },
        },
      });
    }
    const {response, body} = await poll(`${emulator.root}/v1.0/me`);
    expect([response.status, field(body, 'error', 'code')]).toEqual([404, 'ResourceNotFound']);
    expect((await poll(`${emulator.root}/v1.0/users/a/authentication/operations/%ff`)).response.status).toBe(400);
  });

  test('405 for any method but GET, without taking a step', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation();
    for (const method of ['POST', 'DELETE', 'PATCH']) {
      const {response} = await poll(operation.location, {method});
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET']);
    }
    expect((await fetch(operation.location, {method: 'HEAD', headers: bearer})).status).toBe(405);
    expect([operation.polls, operation.requests.length]).toEqual([0, 4]);
  });
});

describe('addOperation', () => {
  test('returns the operation: polls, status, requests', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation();
    expect([operation.status, operation.polls]).toEqual(['notStarted', 0]);
    await statuses(operation.location, 3);
    expect([operation.status, operation.polls, operation.requests.length]).toEqual(['succeeded', 3, 3]);
    expect(emulator.operations).toEqual([operation]);
  });

  test.each([
    [{id: ''}, "options.id: expected a string that is not empty, got ''"],
    [{visibleAfter: -1}, 'options.visibleAfter: expected between 0 and 2147483647 milliseconds, got -1'],
    [{query: 'a b'}, "options.query: expected a query, encoded as in a URL, got 'a b'"],
    [{createdDateTime: new Date(Number.NaN)}, 'options.createdDateTime: expected a valid Date, got Invalid Date'],
    [{script: []}, 'options.script: expected a list of at least one step, got []'],
  ])('refuses %j', async (options, message) => {
    const emulator = await startEmulator();
    expect(() => emulator.addOperation(options)).toThrow(new RangeError(message));
    expect(emulator.operations).toHaveLength(0);
  });

  test('refuses a duplicate id and values of the wrong type', async () => {
    const emulator = await startEmulator();
    emulator.addOperation({id: 'x'});
    expect(() => emulator.addOperation({id: 'x'})).toThrow(
      "options.id: expected an id that no other operation has, got 'x'",
    );
    const wrong: ReadonlyArray<readonly [object, string]> = [
      [{bearer: 'no'}, "options.bearer: expected true or false, got 'no'"],
      [{createdDateTime: 5}, 'options.createdDateTime: expected a string or a Date, got 5'],
      [{scripts: []}, "options: unknown field 'scripts'; known are script, id, userId,"],
    ];
    for (const [options, message] of wrong) expect(() => emulator.addOperation(options)).toThrow(message);
  });
});
