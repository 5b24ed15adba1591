import {setImmediate as settled} from 'node:timers/promises';
import {describe, expect, jest, test} from '@jest/globals';
import {isToken, maySendToken, requestToken, type TokenSource} from '../../src/http/authorization.ts';
import {secretsWith} from '../../src/http/token-secrets.ts';
import {PollError} from '../../src/operation/poll-error.ts';
import {hostileValues} from '../support/hostile.ts';

const limits = {deadlineAt: undefined, signal: new AbortController().signal};
const ask = async (token: TokenSource | undefined): Promise<unknown> =>
  requestToken(token, 1000, limits, {forceRefresh: false});

describe('the token for a request', () => {
  test.each<[string, TokenSource | undefined, string | undefined]>([
    ['a string', 'eyJ0', 'eyJ0'],
    ['none', undefined, undefined],
    ['of a function', () => 'eyJ0', 'eyJ0'],
    ['of a promise', async () => 'eyJ0', 'eyJ0'],
  ])('%s', async (_, token, expected) => {
    expect(await ask(token)).toBe(expected);
  });

  test('of a function that has it ready needs no promise', () => {
    expect(requestToken(() => 'eyJ0', 1000, limits, {forceRefresh: false})).toBe('eyJ0');
  });

  test.each<[unknown, string]>([
    [null, 'null'],
    [{accessToken: 'eyJ0'}, 'an object with an accessToken: return that'],
    [{token: 'eyJ0', expiresOnTimestamp: 0}, 'an object, not its token'],
    ['Bearer eyJ0', 'a token that begins with the word Bearer'],
    [undefined, 'undefined'],
    [5, 'a number'],
    [true, 'a boolean'],
    [1_234_567n, 'a bigint'],
    [{}, 'an object, not its token'],
    [[], 'an object, not its token'],
    ['', 'an empty string'],
    ['two words', 'a string of 9 characters, some of which are not allowed'],
    ['line\n', 'a string of 5 characters, some of which are not allowed'],
  ])('is refused when the function gives %j, at once or by a promise', async (given, got) => {
    const error = new PollError(`The option token returned ${got}, expected visible ASCII characters without spaces`, {
      kind: 'token',
      transient: false,
    });
    await expect(ask(() => given as string)).rejects.toEqual(error);
    await expect(ask(async () => given as string)).rejects.toEqual(error);
    await expect(ask(async () => given as string)).rejects.toMatchObject({kind: 'token', transient: false});
  });

  test('that nothing waits for any more aborts the signal of the function', async () => {
    const controller = new AbortController();
    let signal: AbortSignal | undefined;
    const asked = requestToken(
      (request) => {
        signal = request.signal;
        return new Promise(() => undefined);
      },
      1000,
      {deadlineAt: undefined, signal: controller.signal},
      {forceRefresh: false},
    );
    expect(signal?.aborted).toBe(false);
    controller.abort(new Error('stopped'));
    await expect(asked).rejects.toThrow('stopped');
    expect(signal?.aborted).toBe(true);
  });

  test('that rejects after it has stopped the watch itself leaves no unhandled rejection', async () => {
    const controller = new AbortController();
    const unhandled = jest.fn();
    process.once('unhandledRejection', unhandled);
    const source = async (): Promise<string> => {
      controller.abort(new Error('stopped'));
      throw new Error('no network');
    };
    const request = {deadlineAt: undefined, signal: controller.signal};
    expect(() => requestToken(source, 1000, request, {forceRefresh: false})).toThrow('stopped');
    await settled();
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('must come within the time for a request', async () => {
    jest.useFakeTimers();
    try {
      const asked = ask(() => new Promise(() => {})).catch((error: unknown) => error);
      await jest.advanceTimersByTimeAsync(1000);
      const message = 'The option token did not return within 1000 ms';
      expect(await asked).toMatchObject({kind: 'token', transient: false, message});
    } finally {
      jest.useRealTimers();
    }
  });

  test('is refused when the function throws or rejects, with what was thrown', async () => {
    const message = 'The option token threw Error: no network';
    const fail = (): never => {
      throw new Error('no network');
    };
    await expect(ask(fail)).rejects.toMatchObject({kind: 'token', message});
    await expect(ask(async () => fail())).rejects.toMatchObject({kind: 'token', message});
  });

  test.each(hostileValues)('is refused when the function throws, rejects with or gives %s', async (_, value) => {
    const fail = (): never => {
      throw value;
    };
    for (const source of [fail, async () => fail()]) {
      const message = expect.stringMatching(
        /^The option token threw (?:object|symbol|undefined|Error: Symbol\(mine\))$/,
      );
      await expect(ask(source)).rejects.toMatchObject({kind: 'token', message});
    }
    for (const source of [() => value, async () => value]) {
      const message = expect.stringMatching(
        /^The option token (?:returned (?:an object, not its token|a symbol|undefined|null)|threw TypeError)/,
      );
      await expect(ask(source as () => string)).rejects.toMatchObject({kind: 'token', message});
    }
  });

  test('is refused where it is an object of which nobody can ask whether it has an accessToken', async () => {
    const has = (): never => {
      throw new Error('not readable');
    };
    await expect(ask(() => new Proxy({}, {has}) as never)).rejects.toMatchObject({
      kind: 'token',
      message: 'The option token returned an object, not its token, expected visible ASCII characters without spaces',
    });
  });

  test('shows no token that the function gave before, whatever it throws', async () => {
    for (const isAsync of [false, true]) {
      const fail = (): never => {
        throw new Error(`${'x'.repeat(300)} the token an-earlier-token is out of date`);
      };
      const source = isAsync ? async () => fail() : fail;
      secretsWith(source, 'an-earlier-token', {secrets: [], credentials: []});
      const message = `The option token threw Error: ${'x'.repeat(300)} the token [token] is out of date`;
      await expect(ask(source)).rejects.toMatchObject({kind: 'token', message});
    }
  });
});

test.each([
  ['eyJ0', true],
  ['!~', true],
  ['', false],
  ['a b', false],
  ['a\r\nb', false],
  ['tökén', false],
  [null, false],
  [5, false],
])('%j as a token: %p', (value, expected) => {
  expect(isToken(value)).toBe(expected);
});

describe('the token may be sent', () => {
  const home = 'https://graph.example';
  const policy = (trusted: readonly string[] = [], sendsToken = true) => ({
    reader: {sendsToken},
    trustedOrigins: new Set(trusted),
  });

  test.each<[string, string, string, ReturnType<typeof policy>, boolean]>([
    ['to its origin', `${home}/x`, home, policy(), true],
    ['to its origin in another spelling', 'HTTPS://Graph.Example:443/x', home, policy(), true],
    ['not to a host that begins like it', `${home}.evil/x`, home, policy(), false],
    ['not to a host with a name as long', 'https://other.example/x', home, policy(), false],
    ['not to another port', `${home}:444/x`, home, policy(), false],
    ['not to a user of that name', `${home}@evil.example/x`, home, policy(), false],
    ['to a trusted origin', 'https://other.example/x', home, policy(['https://other.example']), true],
    ['not to a trusted origin over http', 'http://other.example/x', home, policy(['http://other.example']), false],
    ['to its origin over http on this machine', 'http://127.0.0.1:80/x', 'http://127.0.0.1', policy(), true],
    ['not to its origin over http elsewhere', 'http://graph.example/x', 'http://graph.example', policy(), false],
    ['nowhere for a protocol that sends none', `${home}/x`, home, policy([], false), false],
    ['nowhere where there is no origin for it', `${home}/x`, '', policy(), false],
  ])('%s', (_, location, tokenOrigin, rules, expected) => {
    expect(maySendToken(location, tokenOrigin, rules)).toBe(expected);
  });
});
