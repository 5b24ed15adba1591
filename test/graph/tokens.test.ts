import {afterEach, describe, expect, jest, test} from '@jest/globals';
import {shareTokens} from '../../src/client/token-cache.ts';
import type {AccessToken, ClientTokenSource, TokenCredential} from '../../src/graph/index.ts';
import type {TokenRequest} from '../../src/http/authorization.ts';
import {startEmulator} from '../testing/emulators.ts';
import {clientOf, quick, rejectionOf} from './clients.ts';

const scope = 'https://graph.example/.default';
const {signal} = new AbortController();
const plain: TokenRequest = {forceRefresh: false, signal};

afterEach(() => {
  jest.useRealTimers();
});

/** A source of numbered tokens, and the requests for them. */
function numbered(lifetime = 3_600_000): {source: () => Promise<AccessToken>; asked: TokenRequest[]} {
  const asked: TokenRequest[] = [];
  const source = async (request: TokenRequest = plain): Promise<AccessToken> => {
    asked.push(request);
    return {token: `token-${asked.length}`, expiresOnTimestamp: Date.now() + lifetime};
  };
  return {source, asked};
}

/** A promise and what resolves it. */
function promised(): {promise: Promise<string>; resolve: (token: string) => void} {
  let resolve: (token: string) => void = () => undefined;
  const promise = new Promise<string>((done) => {
    resolve = done;
  });
  return {promise, resolve};
}

/** Asks a source as a poll does. */
const tokensOf = (source: ClientTokenSource) => {
  const shared = shareTokens(source, scope);
  return async (request: Partial<TokenRequest> = {}): Promise<string> =>
    typeof shared === 'string' ? shared : shared({...plain, ...request});
};

describe('a token', () => {
  test('is kept until five minutes before it expires', async () => {
    jest.useFakeTimers();
    const {source, asked} = numbered(3_600_000);
    const token = tokensOf(source);
    expect([await token(), await token()]).toEqual(['token-1', 'token-1']);
    jest.advanceTimersByTime(3_299_999);
    expect(await token()).toBe('token-1');
    jest.advanceTimersByTime(1);
    expect([await token(), asked.length]).toEqual(['token-2', 2]);
  });

  test('that lives shorter is kept for half of its life', async () => {
    jest.useFakeTimers();
    const token = tokensOf(numbered(60_000).source);
    await token();
    jest.advanceTimersByTime(29_999);
    expect(await token()).toBe('token-1');
    jest.advanceTimersByTime(1);
    expect(await token()).toBe('token-2');
  });

  test('without a time of expiry is kept until it is refused', async () => {
    jest.useFakeTimers();
    let given = 0;
    const token = tokensOf(() => `token-${++given}`);
    await token();
    jest.advanceTimersByTime(86_400_000);
    expect(await token()).toBe('token-1');
    expect(await token({forceRefresh: true, refused: 'token-1'})).toBe('token-2');
  });

  test('is fetched once for all that ask, and refreshed once for all that were refused', async () => {
    const {source, asked} = numbered();
    const token = tokensOf(source);
    expect(await Promise.all([token(), token(), token()])).toEqual(['token-1', 'token-1', 'token-1']);
    const refused = {forceRefresh: true, refused: 'token-1'};
    expect(await Promise.all([token(refused), token(), token(refused)])).toEqual(['token-2', 'token-1', 'token-2']);
    // One that comes late was refused the old one.
    expect(await token(refused)).toBe('token-2');
    expect(asked.map(({forceRefresh, refused: old}) => [forceRefresh, old])).toEqual([
      [false, undefined],
      [true, 'token-1'],
    ]);
  });

  test('that was being fetched and turns out to be the refused one is fetched again', async () => {
    const coming = [promised(), promised()];
    let asked = 0;
    const token = tokensOf(() => coming[asked++]?.promise ?? 'none');
    const first = token();
    const second = token({forceRefresh: true, refused: 'old'});
    coming[0]?.resolve('old');
    coming[1]?.resolve('new');
    expect([await first, await second, asked]).toEqual(['old', 'new', 2]);
  });

  test('is fetched again after a failure', async () => {
    let asked = 0;
    const token = tokensOf(async () => {
      if (++asked === 1) throw new Error('no network');
      return 'token';
    });
    const outcomes = await Promise.allSettled([token(), token()]);
    expect(outcomes.map(({status}) => status)).toEqual(['rejected', 'rejected']);
    expect([await token(), asked]).toEqual(['token', 2]);
  });

  test('that does not come is fetched again after half a minute', async () => {
    jest.useFakeTimers();
    const signals: AbortSignal[] = [];
    const token = tokensOf((request) => {
      signals.push(request.signal);
      return signals.length === 1 ? new Promise<string>(() => undefined) : 'token';
    });
    void token();
    jest.advanceTimersByTime(29_999);
    void token();
    expect(signals).toHaveLength(1);
    jest.advanceTimersByTime(1);
    expect(await token()).toBe('token');
    expect([signals.length, signals[0]?.aborted, jest.getTimerCount()]).toEqual([2, true, 0]);
  });

  test('that comes after a newer one does not take its place', async () => {
    const coming = [promised(), promised()];
    let asked = 0;
    const token = tokensOf(() => coming[asked++]?.promise ?? 'none');
    const early = token();
    const challenged = token({forceRefresh: true, refused: 'old', claims: '{}'});
    coming[1]?.resolve('with-the-claims');
    await challenged;
    coming[0]?.resolve('without');
    expect([await early, await challenged, await token(), asked]).toEqual([
      'without',
      'with-the-claims',
      'with-the-claims',
      2,
    ]);
  });

  test.each([['with a space'], [''], ['ü'], [undefined], [5]])('that is none (%j) is refused', async (given) => {
    const error = await rejectionOf(tokensOf((() => given) as never)());
    expect(String(error)).toMatch(/^TypeError: token: expected visible ASCII characters/);
  });
});

describe('a credential', () => {
  test('is asked as @azure/identity wants it, with the claims of a challenge', async () => {
    const asked: unknown[] = [];
    const credential: TokenCredential = {
      async getToken(...request) {
        asked.push(request);
        return {token: `token-${asked.length}`, expiresOnTimestamp: Date.now() + 3_600_000};
      },
    };
    const token = tokensOf(credential);
    await token();
    expect(await token({forceRefresh: true, refused: 'token-1', claims: '{"a":1}'})).toBe('token-2');
    const abortSignal = expect.any(AbortSignal);
    expect(asked).toEqual([
      [scope, {abortSignal, enableCae: true}],
      [scope, {abortSignal, enableCae: true, claims: '{"a":1}'}],
    ]);
  });

  test('that gives none', async () => {
    const token = tokensOf({getToken: async () => null});
    await expect(token()).rejects.toThrow('token: the credential returned null');
  });
});

describe('over HTTP', () => {
  test('17: many pollers share one token, and one refresh', async () => {
    const emulator = await startEmulator({token: 'token-2'});
    const {source, asked} = numbered();
    const graph = clientOf(emulator, {token: source, batch: false});
    const pollers = Array.from({length: 20}, () => graph.watch(emulator.addOperation().location, quick));
    await Promise.all(pollers.map((poller) => poller.result()));
    expect(asked.length).toBe(2);
  });

  test('17: a claims challenge is passed on decoded', async () => {
    const emulator = await startEmulator();
    const claims = {access_token: {nbf: {essential: true, value: '1700000000'}}};
    const {location} = emulator.addOperation({script: [{claims}, 'succeeded']});
    const {source, asked} = numbered();
    await clientOf(emulator, {token: source}).watch(location, quick).result();
    expect(asked[1]).toMatchObject({claims: JSON.stringify(claims), forceRefresh: true, refused: 'token-1'});
  });

  test('18: a token that is refused again', async () => {
    const emulator = await startEmulator({token: 'another'});
    const graph = clientOf(emulator, {token: numbered().source});
    const error = await rejectionOf(graph.watch(emulator.addOperation().location, quick).result());
    expect(error).toMatchObject({name: 'UnauthorizedError', attempts: 1});
    expect(emulator.received).toBe(2);
  });

  test('a credential that fails ends as unauthorized, without a request', async () => {
    const emulator = await startEmulator();
    const source = async () => {
      throw new Error('AADSTS70011');
    };
    const poller = clientOf(emulator, {token: source}).watch(emulator.addOperation().location, quick);
    const error = await rejectionOf(poller.result());
    expect(error).toMatchObject({name: 'UnauthorizedError', message: expect.stringContaining('AADSTS70011')});
    expect(emulator.received).toBe(0);
  });

  test('a credential that hangs does not outlast the deadline, and one poller that stops does not disturb the others', async () => {
    const emulator = await startEmulator();
    const coming = promised();
    const graph = clientOf(emulator, {token: () => coming.promise});
    const add = () => emulator.addOperation({script: ['succeeded']}).location;
    const hanging = graph.watch(add(), {...quick, totalTimeout: 30});
    const stopped = graph.watch(add(), quick);
    const patient = graph.watch(add(), quick);
    await expect(hanging.result()).rejects.toMatchObject({name: 'WatchTimeoutError'});
    stopped.stop();
    await expect(stopped.result()).rejects.toMatchObject({name: 'WatchAbortedError'});
    coming.resolve('token');
    expect((await patient.result()).status).toBe('succeeded');
    expect(emulator.received).toBe(1);
  });

  test('getOperation sends one request', async () => {
    const emulator = await startEmulator({token: 'token-1'});
    emulator.addOperation({id: 'a,b', userId: 'u@x.example', script: ['running']});
    const graph = clientOf(emulator, {token: numbered().source});
    expect((await graph.getOperation('u@x.example', 'a,b')).status).toBe('running');
    await expect(graph.getOperation('u@x.example', 'none')).rejects.toMatchObject({name: 'OperationNotFoundError'});
    expect(emulator.requests[0]?.path).toBe('/v1.0/users/u%40x.example/authentication/operations/a%2Cb');
  });
});
