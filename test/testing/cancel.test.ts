import {describe, expect, test} from '@jest/globals';
import type {AddOperationOptions} from '../../src/testing/index.ts';
import {partUrl, poll, sendBatch, startEmulator, statuses} from './emulators.ts';

const cancelUrl = (location: string) => location.replace(/(?=\?|$)/, ':cancel');

describe('a cancelable operation', () => {
  const families: ReadonlyArray<readonly [string, AddOperationOptions]> = [
    ['of a user', {}],
    ['with a path of its own', {path: "/teams('a')/operations('b')", query: 'c=d'}],
  ];
  test.each(families)('is canceled by DELETE, and continues with onCancel: %s', async (_, options) => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({
      ...options,
      script: ['running'],
      cancelable: true,
      onCancel: [{status: 'canceling', times: 2}, 'canceled'],
    });
    expect(await statuses(operation.location, 2)).toEqual(['running', 'running']);
    const {response, body} = await poll(operation.location, {method: 'DELETE'});
    expect([response.status, body, operation.polls]).toEqual([204, undefined, 2]);
    expect(await statuses(operation.location, 3)).toEqual(['canceling', 'canceling', 'canceled']);
    expect([operation.status, operation.requests[2]?.method]).toEqual(['canceled', 'DELETE']);
  });

  test.each(families)('is canceled by POST :cancel as well: %s', async (_, options) => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({...options, script: ['running'], cancelable: true});
    const {response} = await poll(cancelUrl(operation.location), {method: 'POST'});
    expect(response.status).toBe(202);
    expect(await statuses(operation.location, 1)).toEqual(['canceled']);
    expect(operation.requests.map(({method}) => method)).toEqual(['POST', 'GET']);
    const other = await poll(cancelUrl(operation.location));
    expect([other.response.status, other.response.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await poll(operation.location, {method: 'PUT'})).response.headers.get('allow')).toBe('GET, DELETE');
  });

  test('is canceled once: a second request changes nothing, unless the script was replaced in between', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({cancelable: true, onCancel: ['canceling', 'canceled']});
    const cancel = () => poll(operation.location, {method: 'DELETE'});
    await cancel();
    expect(await statuses(operation.location, 1)).toEqual(['canceling']);
    expect((await cancel()).response.status).toBe(204);
    expect(await statuses(operation.location, 1)).toEqual(['canceled']);
    operation.rescript(['running']);
    expect(await statuses(operation.location, 1)).toEqual(['running']);
    await cancel();
    expect(await statuses(operation.location, 1)).toEqual(['canceling']);
  });

  test('is canceled only with the token, also in a batch', async () => {
    const emulator = await startEmulator({token: 'test-token', throttle: {requests: 3, window: 60_000}});
    const operation = emulator.addOperation({cancelable: true});
    for (const [url, method] of [
      [operation.location, 'DELETE'],
      [cancelUrl(operation.location), 'POST'],
    ] as const) {
      expect((await fetch(url, {method})).status).toBe(401);
    }
    const {byId} = await sendBatch(emulator, [{url: partUrl(emulator, operation), method: 'DELETE'}]);
    expect(byId.get('0')).toMatchObject({status: 204});
    expect([operation.requests.length, emulator.served]).toEqual([3, 3]);
    expect(await statuses(operation.location, 1)).toEqual(['canceled']);
  });

  test('can be canceled by a start instead, which can refuse', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation({path: '/operations/1', cancelable: true});
    const cancel = emulator.addStart({path: '/operations/1', method: 'DELETE', script: [{http: 503}, {http: 409}]});
    const post = emulator.addStart({path: '/operations/1:cancel', answer: {http: 403}});
    const answers = [await poll(cancel.location, {method: 'DELETE'}), await poll(cancel.location, {method: 'DELETE'})];
    expect(answers.map(({response}) => response.status)).toEqual([503, 409]);
    expect((await poll(post.location, {method: 'POST'})).response.status).toBe(403);
    expect(await statuses(operation.location, 1)).toEqual(['notStarted']);
    expect([cancel.requests.length, post.requests.length, operation.requests.length]).toEqual([2, 1, 1]);
  });
});

describe('an operation that is not cancelable', () => {
  test('answers 405 and 404', async () => {
    const emulator = await startEmulator();
    const operations = [emulator.addOperation({query: ''}), emulator.addOperation({path: '/operations/1'})];
    for (const {location} of operations) {
      const {response} = await poll(location, {method: 'DELETE'});
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET']);
    }
    const canceled = await Promise.all(operations.map(({location}) => poll(`${location}:cancel`, {method: 'POST'})));
    expect(canceled.map(({response}) => response.status)).toEqual([405, 404]);
  });

  const wrong: ReadonlyArray<readonly [object, string]> = [
    [{cancelable: 1}, 'options.cancelable: expected true or false, got 1'],
    [{onCancel: ['a']}, 'options.onCancel: requires cancelable: true'],
    [{cancelable: true, onCancel: []}, 'options.onCancel: expected a list of at least one step, got []'],
  ];
  test.each(wrong.map(([options, message]) => [message, options] as const))(
    'is refused: %s',
    async (message, options) => {
      const emulator = await startEmulator();
      expect(() => emulator.addOperation(options)).toThrow(message);
    },
  );
});
