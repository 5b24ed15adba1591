import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import {shareTokens} from '../../src/client/token-cache.ts';
import {now} from '../../src/shared/clock.ts';
import {SimulatedClock} from '../support/simulated-clock.ts';

const reportError = jest.fn();

beforeEach(() => {
  reportError.mockClear();
  Object.defineProperty(globalThis, 'reportError', {value: reportError, configurable: true});
});

afterEach(() => {
  Reflect.deleteProperty(globalThis, 'reportError');
  jest.useRealTimers();
});

/** Asks twice for a token of this expiry, and gives how often the source was asked. */
async function askedTwice(expiresOnTimestamp: number): Promise<number> {
  const source = jest.fn(() => ({token: 'a-token', expiresOnTimestamp}));
  const shared = shareTokens(source, 'scope');
  if (typeof shared === 'string') throw new Error('It is not shared');
  const {signal} = new AbortController();
  for (let count = 0; count < 2; count++) expect(await shared({forceRefresh: false, signal})).toBe('a-token');
  return source.mock.calls.length;
}

test('a token is used no longer than until five minutes before its expiry, wherever the process stands still', async () => {
  const minutes = 60_000;
  for (let after = 1; after < 12; after++) {
    const machine = new SimulatedClock();
    now();
    const expiresOnTimestamp = machine.time + 60 * minutes;
    const source = jest.fn(() => ({token: 'a-token', expiresOnTimestamp}));
    const shared = shareTokens(source, 'scope');
    if (typeof shared === 'string') throw new Error('It is not shared');
    const {signal} = new AbortController();
    machine.plan({after, stall: 20 * minutes});
    await shared({forceRefresh: false, signal});
    machine.time = expiresOnTimestamp - 5 * minutes + 1;
    await shared({forceRefresh: false, signal});
    expect([after, source.mock.calls.length]).toEqual([after, 2]);
    jest.restoreAllMocks();
  }
});

describe('the expiry of a token', () => {
  test.each([
    [-1, []],
    [0, []],
    [1, ['1']],
    [99_999_999_999, ['99999999999']],
    [100_000_000_000, []],
    [Number.POSITIVE_INFINITY, []],
  ])('of %p is milliseconds since 1970, or is reported once, as %j', async (expiresOnTimestamp, shown) => {
    expect(await askedTwice(expiresOnTimestamp)).toBe(expiresOnTimestamp === Number.POSITIVE_INFINITY ? 1 : 2);
    expect(reportError.mock.calls.map(([error]) => String(error))).toEqual(
      shown.map((value) =>
        expect.stringContaining(`milliseconds since 1970, so that the token can be kept, got ${value}`),
      ),
    );
  });
});
