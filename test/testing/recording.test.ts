import {once} from 'node:events';
import {request} from 'node:http';
import {describe, expect, test} from '@jest/globals';
import {bearer, field, poll, resetPassword, startEmulator, statuses} from './emulators.ts';

describe('a recorded request', () => {
  test('contains what was sent, byte for byte', async () => {
    const emulator = await startEmulator();
    const {location} = emulator.addOperation({id: "it's", query: 'b=%20%2F&a=1&a=2'});
    const before = Date.now();
    await poll(location, {headers: {'X-Mine': 'yes'}});
    const [recorded] = emulator.requests;
    expect(recorded).toMatchObject({method: 'GET', path: location.slice(emulator.root.length), aborted: false});
    expect(recorded?.headers).toMatchObject({'x-mine': 'yes', authorization: 'Bearer test-token'});
    expect(recorded).not.toHaveProperty('body');
    expect(recorded?.at).toBeGreaterThanOrEqual(before);
    expect(recorded?.at).toBeLessThanOrEqual(Date.now());
  });

  test('contains the body, also in chunks and with a GET', async () => {
    const emulator = await startEmulator();
    await resetPassword(emulator, '{"newPassword": "ü"}');
    const [operation] = emulator.operations;
    const odd = request(operation?.location ?? '', {
      method: 'GET',
      headers: {...bearer, 'transfer-encoding': 'chunked'},
    });
    odd.write('on');
    odd.end('e');
    const [response] = await once(odd, 'response');
    response.resume();
    await once(response, 'end');
    expect(emulator.requests.map(({body}) => body)).toEqual(['{"newPassword": "ü"}', 'one']);
    expect(operation?.requests).toEqual([emulator.requests[1]]);
  });

  test('is listed with its operation, and with the emulator in the order of arrival', async () => {
    const emulator = await startEmulator();
    const [one, two] = [emulator.addOperation(), emulator.addOperation()];
    await poll(one.location);
    await poll(two.location);
    await poll(one.location);
    expect([one.requests.length, two.requests.length]).toEqual([2, 1]);
    expect(emulator.requests).toEqual([one.requests[0], two.requests[0], one.requests[1]]);
  });

  test('is aborted if the client disconnects in the middle of its body; nothing is started', async () => {
    const emulator = await startEmulator();
    const path = '/v1.0/users/a/authentication/methods/b/resetPassword';
    const half = request(`${emulator.root}${path}`, {method: 'POST', headers: {...bearer, 'content-length': 100}});
    half.on('error', () => {});
    const arriving = emulator.nextRequest();
    half.write('{"newPass');
    half.once('socket', (socket) => socket.once('connect', () => setImmediate(() => half.destroy())));
    expect(await arriving).toMatchObject({method: 'POST', path});
    await emulator.idle();
    expect(emulator.requests).toMatchObject([{aborted: true}]);
    expect(emulator.operations).toHaveLength(0);
  });
});

describe('record: false', () => {
  test('keeps nothing, but nextRequest works', async () => {
    const emulator = await startEmulator({record: false});
    const operation = emulator.addOperation();
    const arriving = emulator.nextRequest();
    expect(await statuses(operation.location, 3)).toEqual(['notStarted', 'running', 'succeeded']);
    expect(await arriving).toMatchObject({method: 'GET'});
    expect([emulator.requests, operation.requests, operation.polls]).toEqual([[], [], 3]);
  });
});

describe('nextRequest', () => {
  test('gives all waiting callers the same request, and later callers the next', async () => {
    const emulator = await startEmulator();
    const {location} = emulator.addOperation();
    const waiting = [emulator.nextRequest(), emulator.nextRequest()];
    await poll(`${location}&first`);
    const [one, two] = await Promise.all(waiting);
    expect(two).toBe(one);
    const later = emulator.nextRequest();
    await poll(`${location}&second`);
    expect((await later).path).toMatch(/&second$/);
  });

  test('rejects when the emulator is stopped', async () => {
    const emulator = await startEmulator();
    const waiting = emulator.nextRequest();
    await emulator.stop();
    await expect(waiting).rejects.toThrow('The Graph emulator was stopped');
    await expect(emulator.nextRequest()).rejects.toThrow('The Graph emulator was stopped');
  });
});

describe('maximumRequests', () => {
  test('answers 508 to all further requests and no longer records them', async () => {
    const emulator = await startEmulator({maximumRequests: 2});
    const operation = emulator.addOperation();
    await statuses(operation.location, 2);
    for (let index = 0; index < 2; index += 1) {
      const {response, body} = await poll(operation.location);
      expect(response.status).toBe(508);
      expect(field(body, 'error', 'message')).toBe('The emulator has reached its maximumRequests (2).');
      expect(response.headers.get('request-id')).not.toBeNull();
    }
    expect([operation.polls, emulator.requests.length]).toEqual([2, 2]);
  });
});
