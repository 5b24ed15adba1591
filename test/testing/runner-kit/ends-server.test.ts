import {afterEach, expect, test} from '@jest/globals';
import {type EndsServer, startEndsServer} from '../../../src/testing/runner-kit/ends-server.ts';

let server: EndsServer;
afterEach(() => server.stop());

const end = {id: 'an id', key: 'a', data: null, status: 'succeeded', stall: 0};

async function report(body: string): Promise<number> {
  return (await fetch(server.url, {method: 'POST', body})).status;
}

test('what is no end is refused, changes nothing, and does not end the process', async () => {
  server = await startEndsServer();
  const others = [
    [],
    null,
    {},
    {...end, key: 5},
    {...end, id: undefined},
    {...end, status: null},
    {...end, stall: '0'},
  ];
  const bodies = ['', 'hello', '{"id":', 'x'.repeat(9 * 1024 * 1024), ...others.map((other) => JSON.stringify(other))];
  for (const body of bodies) expect([body.slice(0, 40), await report(body)]).toEqual([body.slice(0, 40), 400]);
  expect(server.calls).toEqual([]);
  expect(await report(JSON.stringify(end))).toBe(204);
  expect(server.calls).toMatchObject([end]);
});

test('an end is answered as it is to be', async () => {
  server = await startEndsServer();
  server.planned.set('a', ['reject']);
  expect(await report(JSON.stringify(end))).toBe(503);
  expect(server.calls).toMatchObject([{...end, answer: 'reject'}]);
});
