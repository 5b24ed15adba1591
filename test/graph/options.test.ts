import {describe, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import {createGraphClient, type GraphClientOptions} from '../../src/graph/index.ts';
import {startEmulator} from '../testing/emulators.ts';
import {clientOf, rejectionOf, token} from './clients.ts';

describe('a client', () => {
  test.each([
    ['global', 'https://graph.microsoft.com'],
    ['usGovL4', 'https://graph.microsoft.us'],
    ['usGovL5', 'https://dod-graph.microsoft.us'],
    ['china', 'https://microsoftgraph.chinacloudapi.cn'],
  ] as const)('of the cloud %s', (cloud, root) => {
    expect(createGraphClient({cloud, token})).toMatchObject({root, version: 'v1.0', scope: `${root}/.default`});
  });

  test('of the global cloud, where none is named', () => {
    const options = {token, cloud: undefined, root: undefined, version: undefined, batch: undefined};
    expect(createGraphClient(options).root).toBe('https://graph.microsoft.com');
  });

  test.each(['https://graph.eaglex.ic.gov', 'https://graph.eaglex.ic.gov/', 'http://127.0.0.1:80'])(
    'of the root %s',
    (root) => {
      const {origin} = new URL(root);
      expect(createGraphClient({root, token})).toMatchObject({root: origin, scope: `${origin}/.default`});
    },
  );

  test.each<[object | undefined | null, RegExp]>([
    [undefined, /^TypeError: options: expected an object/],
    [null, /^TypeError: options: expected an object/],
    [{}, /^TypeError: token: expected visible ASCII .*, a function or a credential with getToken\(\), got undefined$/],
    [{token: 5}, /^TypeError: token: expected visible ASCII.*got a number$/],
    [{token: {}}, /^TypeError: token: expected visible ASCII.*got an object, not its token$/],
    [
      {token: 'a b'},
      /^TypeError: token: expected visible ASCII characters without spaces, .*got a string of 3 characters/,
    ],
    [{token, startToken: null}, /^TypeError: startToken: expected visible ASCII.*got null$/],
    [{token, startToken: 'ü'}, /^TypeError: startToken: expected visible ASCII/],
    [{token, tokens: 1}, /^TypeError: tokens: there is no such option; there are cloud, root/],
    [{token, cloud: 'mars'}, /^TypeError: cloud: expected global, usGovL4, usGovL5, china, got "mars"$/],
    [{token, cloud: 'toString'}, /^TypeError: cloud: expected global/],
    [{token, cloud: 'global', root: 'https://x.example'}, /^TypeError: root: expected either cloud or root, got both$/],
    [{token, root: 'x.example'}, /^TypeError: root: expected an origin such as .* got a string without a scheme$/],
    [{token, root: 'https://me:password@x.example'}, /^TypeError: root: (?!.*password@)/],
    [{token, root: 'https://x.example/v1.0'}, /^TypeError: root: expected an origin/],
    [{token, root: 'ftp://x.example'}, /^TypeError: root: expected an origin/],
    [{token, root: 5}, /^TypeError: root: expected an origin/],
    [{token, root: 'http://x.example'}, /^TypeError: root: expected https, or http on this machine/],
    [{token, version: 'v1/0'}, /^TypeError: version: expected 'v1.0' or 'beta', got "v1\/0"$/],
    [{token, version: ''}, /^TypeError: version: expected 'v1.0' or 'beta', got ""$/],
    [{token, concurrency: '5'}, /^TypeError: concurrency: expected a whole number, got "5"$/],
    [{token, concurrency: 0}, /^RangeError: concurrency: expected a whole number from 1 on, got 0$/],
    [{token, concurrency: 1.5}, /^RangeError: concurrency: expected a whole number from 1 on, got 1.5$/],
    [{token, concurrency: Number.NaN}, /^RangeError: concurrency: expected a whole number from 1 on, got NaN$/],
    [{token, batch: 'yes'}, /^TypeError: batch: expected true, false or milliseconds, got "yes"$/],
    [{token, batch: -1}, /^RangeError: batch: expected milliseconds from 0 to 1000, got -1$/],
    [{token, batch: 1001}, /^RangeError: batch: expected milliseconds from 0 to 1000, got 1001$/],
    [{token, http: 5}, /^TypeError: http: expected a ky instance/],
  ])('refuses %j', (options, message) => {
    expect.assertions(1);
    try {
      createGraphClient(options as GraphClientOptions);
    } catch (error) {
      expect(String(error)).toMatch(message);
    }
  });

  test.each([0, 0.5, 1000])('takes a batch of %d ms', (batch) => {
    expect(() => createGraphClient({token, batch})).not.toThrow();
  });

  test.each([
    ['collects requests for 50 ms by default', undefined, 50],
    ['collects them for 50 ms with batch: true', true, 50],
    ['collects them for the time that batch says', 70, 70],
  ])('%s', async (_, batch, expected) => {
    jest.useFakeTimers();
    try {
      const asked: string[] = [];
      const http = ky.create({
        fetch: async (input) => {
          asked.push(new Request(input).url);
          return Response.json({});
        },
      });
      const graph = createGraphClient({token, batch, http});
      const pollers = [1, 2].map((id) => graph.watch(`/jobs/${id}`));
      await jest.advanceTimersByTimeAsync(expected - 1);
      expect(asked).toEqual([]);
      await jest.advanceTimersByTimeAsync(1);
      expect(asked[0]).toBe('https://graph.microsoft.com/v1.0/$batch');
      for (const poller of pollers) poller.stop();
      await Promise.all(pollers.map((poller) => poller.outcome()));
    } finally {
      jest.useRealTimers();
    }
  });

  test('refuses options of an operation that are its own', async () => {
    const graph = createGraphClient({token});
    const location = 'https://graph.microsoft.com/v1.0/x';
    const own = {token: 'x'} as object;
    expect(() => graph.watch(location, own)).toThrow(/^token: it is the client's/);
    expect(() => graph.resume('{}', {http: {}} as object)).toThrow(/^http: it is the client's/);
    expect(String(await rejectionOf(graph.getOperation('u', 'i', own)))).toMatch(/^TypeError: token: it is the/);
    expect(() => graph.watch(location, {totalTimeout: -1})).toThrow(/^totalTimeout: expected milliseconds/);
    expect(() => graph.watch(location, {tokens: 1} as object)).toThrow(
      /^tokens: .*there are protocol, schedule, retry, /,
    );
    expect(() => graph.watchOperation('u', '')).toThrow(/^id: expected a string that is not empty/);
  });

  test('has no more requests in flight than its concurrency', async () => {
    const emulator = await startEmulator();
    const graph = clientOf(emulator, {concurrency: 2, batch: false});
    const operations = [1, 2, 3].map(() => emulator.addOperation({script: [{fault: 'hang'}]}));
    const pollers = operations.map(({location}) => graph.watch(location, {totalTimeout: 60_000}));
    await emulator.nextRequest();
    if (emulator.received < 2) await emulator.nextRequest();
    const third = emulator.nextRequest();
    expect(emulator.received).toBe(2);
    pollers[0]?.stop();
    await third;
    for (const poller of pollers) poller.stop();
    await Promise.allSettled(pollers.map((poller) => poller.result()));
    expect(emulator.received).toBe(3);
  });
});
