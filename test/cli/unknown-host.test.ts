import dns from 'node:dns';
import {afterEach, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import {pollOperation, schedules} from 'operation-poller';
import {stopAtUnknownHost} from '../../src/cli/unknown-host.ts';
import {run} from './shells.ts';

type Lookup = (host: string, options: object, done: (error: Error | null, addresses?: unknown) => void) => void;

const realLookup = dns.lookup;

/** Makes DNS not know `operations.test`. @returns counts how often it is asked */
function forgetHost(): () => number {
  let lookups = 0;
  const lookup: Lookup = (host, options, done) => {
    if (host !== 'operations.test') return realLookup(host, options, done);
    lookups++;
    return done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), {code: 'ENOTFOUND'}));
  };
  jest.spyOn(dns, 'lookup').mockImplementation(lookup as typeof dns.lookup);
  return () => lookups;
}

afterEach(() => {
  jest.restoreAllMocks();
});

test('a host that does not exist is reported after three requests, with the question whether it is right', async () => {
  const lookups = forgetHost();
  const {exitCode, stdout, stderr} = await run(['watch', 'https://operations.test/1?x=1']);
  expect([exitCode, stdout, lookups()]).toEqual([7, '', 3]);
  expect(stderr).toMatch(
    /\noperation-poller: there is no host operations\.test \(ENOTFOUND\)\n {2}Is it spelled right\? If so, check network and DNS\.\n$/,
  );
});

test.each([
  ['has answered', ['running', 'none', 'none', 'none', 'none', 'succeeded']],
  ['is found at the third request', ['none', 'none', 'succeeded']],
  ['is found, but refuses', ['none', 'none', 'ECONNREFUSED', 'none', 'none', 'succeeded']],
])('one that %s is watched on', async (_, answers) => {
  const left = [...answers];
  const fetch = async (): Promise<Response> => {
    const next = left.shift() ?? '';
    if (next === 'succeeded' || next === 'running') return Response.json({id: 'a', status: next});
    const code = next === 'none' ? 'ENOTFOUND' : next;
    throw new TypeError('fetch failed', {cause: Object.assign(new Error(code), {code})});
  };
  const poller = pollOperation('https://operations.test/1', {
    http: ky.create({fetch}),
    schedule: schedules.fixed(100),
    retry: {retries: 10, minTimeout: 1, maxTimeout: 1},
  });
  const reason = stopAtUnknownHost(poller);
  await poller.result();
  expect([reason(), left]).toEqual([undefined, []]);
});
