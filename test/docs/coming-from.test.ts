import {readFileSync} from 'node:fs';
import {afterEach, beforeEach, expect, jest, test} from '@jest/globals';
import {startGraphEmulator} from 'operation-poller/testing';
import {watchWithWaiter} from '../../docs/examples/from-aws-waiter.ts';
import {watchWithCoreLro} from '../../docs/examples/from-core-lro.ts';
import {watchByHand} from '../../docs/examples/from-hand-written.ts';
import {watchWithRetry} from '../../docs/examples/from-p-retry.ts';
import {watchOperationAt} from '../../docs/examples/to-operation-poller.ts';
import {playFetchByFakeTimers} from '../support/fake-time.ts';

const page = readFileSync(new URL('../../docs/coming-from.md', import.meta.url), 'utf8');

/** The rows of the page's table of outcomes: what the service does, and the outcome of each library, in the order of the columns. */
const rows = [...page.matchAll(/^\| \*\*(.+?)\*\* +\| (.+) \|$/gm)].map(([, what = '', cells = '']) => ({
  what,
  outcomes: cells.split('|').map((cell) => cell.trim()),
}));

/** How long the service asks to wait, in the row about that, in seconds. */
const retryAfter = 5;

const scripts: Record<string, readonly (string | Record<string, unknown>)[]> = {
  'it succeeds': ['notStarted', 'running', 'succeeded'],
  'it fails': ['running', {status: 'failed', detail: 'PolicyViolation'}],
  'one poll is answered 503': ['running', {http: 503}, 'running', 'succeeded'],
  'one poll is answered 404': [{http: 404}, 'running', 'succeeded'],
  'one poll is answered 429 with `Retry-After`': ['running', {http: 429, retryAfter}, 'succeeded'],
  'one connection is cut': ['running', {fault: 'reset'}, 'succeeded'],
  'a proxy answers with HTML': ['running', {text: '<html></html>'}, 'succeeded'],
  'a new word, `notSucceeded`, then failed': ['running', 'notSucceeded', 'failed'],
  'twenty polls find it running': [{status: 'running', times: 20}, 'succeeded'],
};

const watches = [watchWithCoreLro, watchWithWaiter, watchByHand, watchWithRetry, watchOperationAt];

async function outcomeOf(watch: (typeof watches)[number], script: (typeof scripts)[string]): Promise<string> {
  await using emulator = await startGraphEmulator({token: 'an-access-token'});
  const {location} = emulator.addOperation({script});
  const early = (): string => {
    const [, refused, next] = emulator.requests;
    const isAsked = script?.some((step) => typeof step === 'object' && step['retryAfter'] === retryAfter);
    return isAsked && refused && next && next.at - refused.at < retryAfter * 1000 ? ', asks too early' : '';
  };
  return await watch(location, 'an-access-token').then(
    ({status}) => `${status}${early()}`,
    (error: Error) => `\`${error.name}\``,
  );
}

beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation(() => undefined);
});

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

test('the page has a row for each', () => {
  expect(rows.map(({what}) => what)).toEqual(Object.keys(scripts));
});

test.each(Object.entries(scripts))('%s', async (what, script) => {
  const outcomes = await playFetchByFakeTimers(() => Promise.all(watches.map((watch) => outcomeOf(watch, script))));
  expect(outcomes).toEqual(rows.find((row) => row.what === what)?.outcomes);
});
