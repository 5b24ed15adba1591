import {afterEach, beforeEach, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import {createGraphClient} from 'operation-poller/graph';
import {createOperationTracker} from 'operation-poller/tracker';

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

test('a user hears of a reset once, although a poll was throttled', async () => {
  const location = 'https://graph.microsoft.com/v1.0/users/1/authentication/operations/2';
  const responses = [
    new Response('{}', {status: 202, headers: {location}}),
    Response.json({id: '2', status: 'running'}),
    Response.json({error: {code: 'tooManyRequests'}}, {status: 429, headers: {'retry-after': '60'}}),
    Response.json({id: '2', status: 'succeeded'}),
  ];
  const fetch = async () => responses.shift() ?? Response.error();
  const client = createGraphClient({token: 'test-token', http: ky.create({fetch})});
  const onEnd = jest.fn(async () => undefined);
  const tracker = await createOperationTracker({client, onEnd});

  const {poller} = await client.resetPassword('adele@contoso.com');
  if (poller !== undefined) await tracker.add(poller, {key: 'adele'});
  await jest.advanceTimersByTimeAsync(120_000);

  expect(onEnd.mock.calls).toMatchObject([[{key: 'adele', outcome: {status: 'succeeded'}}]]);
  expect(responses).toEqual([]);
  await tracker.close();
});
