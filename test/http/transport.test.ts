import {expect, test} from '@jest/globals';
import ky from 'ky';
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
