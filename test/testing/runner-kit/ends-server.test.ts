import {afterEach, expect, test} from '@jest/globals';
import {type EndsServer, startEndsServer} from '../../../src/testing/runner-kit/ends-server.ts';

let server: EndsServer;
afterEach(() => server.stop());

const end = {id: 'an id', key: 'a', data: null, status: 'succeeded', stall: 0, lost: 0};

async function report(body: string, path = ''): Promise<number> {
  return (await fetch(server.url + path, {method: 'POST', body})).status;
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
    {...end, lost: undefined},
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

test('stalls are told beside the ends, and what tells of none is refused', async () => {
  server = await startEndsServer();
  for (const body of ['', '{}', '{"stall": 5}', '{"stall": "5", "lost": 5}']) {
    expect(await report(body, '/stalls')).toBe(400);
  }
  expect(await report('{"stall": 5, "lost": 7}', '/stalls')).toBe(204);
  expect(await report(JSON.stringify({...end, stall: 9}))).toBe(204);
  expect(server.stalls).toMatchObject([
    {stall: 5, lost: 7},
    {...end, stall: 9},
  ]);
  expect(server.calls).toHaveLength(1);
});
