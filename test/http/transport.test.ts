import {expect, test} from '@jest/globals';
import ky from 'ky';
import {parseBody} from '../../src/http/transport.ts';
import {pollOperation} from '../../src/index.ts';

test("a ky instance's own headers and query go to the operation's origin", async () => {
  const sent: Request[] = [];
  const http = ky.create({
    headers: {'x-tenant': 'contoso'},
    searchParams: {'api-version': '1'},
    fetch: async (input, init) => {
      sent.push(new Request(input, init));
      return Response.json({id: 'a', status: 'succeeded'});
    },
  });
  await pollOperation('https://service.example/jobs/1', {http}).result();
  expect(sent.map(({url, headers}) => [url, headers.get('x-tenant')])).toEqual([
    ['https://service.example/jobs/1?api-version=1', 'contoso'],
  ]);
});

test('a redirect that the browser hides is not followed, and no retry helps', async () => {
  let requests = 0;
  const http = ky.create({
    fetch: async () => {
      requests += 1;
      // What ky makes of a response keeps its type.
      return Object.defineProperty(new Response(), 'type', {value: 'opaqueredirect'});
    },
  });
  const outcome = await pollOperation('https://service.example/jobs/1', {http, consecutiveFailures: 1}).outcome();
  const cause = {kind: 'protocol', transient: false, code: undefined};
  expect(outcome).toMatchObject({status: 'abandoned', reason: 'protocol', error: {cause}});
  expect(requests).toBe(1);
});

test.each([
  ['{"status":"running"}', {status: 'running'}],
  ['\uFEFF{"status":"running"}', {status: 'running'}],
  ['\uFEFF\r\n', null],
  ['', null],
  ['<html>', undefined],
])('the body %j is parsed as %j', (text, expected) => {
  expect(parseBody({text})).toEqual(expected);
});
