// The real credentials of `@azure/identity`, against a login server and a metadata service of the test's own.

import {createServer, type IncomingMessage, type RequestListener, type Server} from 'node:http';
import {createServer as createTlsServer} from 'node:https';
import type {AddressInfo} from 'node:net';
import {text} from 'node:stream/consumers';
import {ClientSecretCredential, type TokenCredential} from '@azure/identity';
import {afterAll, afterEach, beforeAll, describe, expect, jest, test} from '@jest/globals';
import {createOperationClient, type OperationClient, type OperationClientOptions} from '../../src/client/index.ts';
import {pollOperation, protocols, schedules, type TokenRequest} from '../../src/index.ts';
import {leanHttp} from '../../src/node/index.ts';
import {createRecord, takeTurn} from '../../src/runner/index.ts';
import {makeSelfSigned} from '../../src/testing/self-signed.ts';

const quick = {schedule: schedules.fixed(1)};
const claims = {access_token: {nbf: {essential: true, value: '1700000000'}}};
const challenge = `Bearer error="insufficient_claims", claims="${Buffer.from(JSON.stringify(claims)).toString('base64')}"`;
const anHour = 3600;

const endings: Array<() => void> = [];
/** After all tests. */
const stops: Array<() => void> = [];
const environment = {...process.env};

afterEach(() => {
  jest.useRealTimers();
  for (const end of endings.splice(0)) end();
});

/** @param ending where what stops it goes */
async function listen(server: Server, ending = endings): Promise<string> {
  // An idle connection is not closed just when a client is about to reuse it.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ending.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A service that takes the tokens that `takes` lets through, and challenges for claims otherwise. */
async function startService(
  takes: (token: string) => boolean = () => true,
): Promise<{readonly root: string; readonly tokens: readonly string[]}> {
  const tokens: string[] = [];
  const server = createServer(({headers}, response) => {
    const token = (headers.authorization ?? '').replace('Bearer ', '');
    tokens.push(token);
    response.setHeader('content-type', 'application/json');
    if (!takes(token)) {
      const error = {code: 'InvalidAuthenticationToken', message: 'The session was revoked.'};
      response.writeHead(401, {'www-authenticate': challenge}).end(JSON.stringify({error}));
    } else {
      response.end(JSON.stringify({id: 'a', status: 'succeeded'}));
    }
  });
  return {root: `http://${await listen(server)}`, tokens};
}

/** Microsoft Entra, as far as a client secret goes: over https, with a certificate that nobody has signed. */
async function startLogin(): Promise<{
  readonly credential: TokenCredential;
  /** The fields of each request for a token. */
  readonly requests: readonly URLSearchParams[];
}> {
  const requests: URLSearchParams[] = [];
  const pair = makeSelfSigned();
  let authorityHost = '';
  const answer = async (request: IncomingMessage): Promise<object> => {
    const tenant = `${authorityHost}/contoso`;
    if (request.method === 'GET') {
      return {
        issuer: `${tenant}/v2.0`,
        authorization_endpoint: `${tenant}/oauth2/v2.0/authorize`,
        token_endpoint: `${tenant}/oauth2/v2.0/token`,
        jwks_uri: `${tenant}/discovery/v2.0/keys`,
      };
    }
    requests.push(new URLSearchParams(await text(request)));
    return {token_type: 'Bearer', expires_in: anHour, access_token: `token-${requests.length}`};
  };
  const serve: RequestListener = async (request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(await answer(request)));
  };
  authorityHost = `https://${await listen(createTlsServer(pair, serve))}`;
  const tls = {tlsOptions: {ca: pair.cert}};
  const options = {authorityHost, disableInstanceDiscovery: true, retryOptions: {maxRetries: 0}, ...tls};
  return {credential: new ClientSecretCredential('contoso', 'client', 'secret', options), requests};
}

/** A managed identity as a test has it. */
interface Identity {
  readonly credential: TokenCredential;
  /** The requests for its tokens. */
  readonly requests: readonly string[];
}

let identities = 0;

/**
 * A metadata service, and what makes an identity whose credential asks it. MSAL finds its place once in the life of a process, and
 * keeps the tokens of each identity as long: each place has a copy of the package, each test an identity.
 */
async function startMetadata(variables: (host: string) => Readonly<Record<string, string>>): Promise<() => Identity> {
  const requests: string[] = [];
  const server = createServer(({url = ''}, response) => {
    requests.push(url);
    const expires_on = String(Math.floor(Date.now() / 1000) + anHour);
    const access_token = `token-${requests.length}`;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({access_token, expires_on, expires_in: String(anHour), token_type: 'Bearer'}));
  });
  jest.resetModules();
  const {ManagedIdentityCredential} = await import('@azure/identity');
  Object.assign(process.env, variables(`http://${await listen(server, stops)}`));
  const identity = (): Identity => {
    const clientId = `identity-${++identities}`;
    return {
      credential: new ManagedIdentityCredential({clientId, retryOptions: {maxRetries: 0}}),
      get requests() {
        return requests.filter((url) => new URL(url, 'http://localhost').searchParams.get('client_id') === clientId);
      },
    };
  };
  await identity().credential.getToken('https://service.example');
  process.env = {...environment};
  return identity;
}

const metadata: Record<string, () => Identity> = {};

beforeAll(async () => {
  metadata['IMDS'] = await startMetadata((host) => ({AZURE_POD_IDENTITY_AUTHORITY_HOST: host}));
  metadata['App Service'] = await startMetadata((host) => ({IDENTITY_ENDPOINT: `${host}/token`, IDENTITY_HEADER: 'a'}));
});

afterAll(() => {
  for (const stop of stops) stop();
});

function identityAt(place: string): Identity {
  const make = metadata[place];
  if (make === undefined) throw new Error(`no metadata service ${place}`);
  return make();
}

const transports: ReadonlyArray<readonly [string, Pick<OperationClientOptions, 'http'>]> = [
  ['ky', {}],
  ['leanHttp', {http: leanHttp()}],
];

describe.each(transports)('a client secret, by %s', (_, http) => {
  const clientOf = (root: string, token: TokenCredential): OperationClient =>
    createOperationClient({root, token, scope: 'https://service.example/.default', ...http});

  test('twenty pollers share one token', async () => {
    const [service, login] = [await startService(), await startLogin()];
    const client = clientOf(service.root, login.credential);
    const pollers = Array.from({length: 20}, (_none, id) => client.watch(`${service.root}/${id}`, quick));
    await Promise.all(pollers.map((poller) => poller.result()));
    expect([service.tokens.length, new Set(service.tokens).size, login.requests.length]).toEqual([20, 1, 1]);
    expect(Object.fromEntries(login.requests[0] ?? [])).toMatchObject({
      grant_type: 'client_credentials',
      scope: 'https://service.example/.default',
    });
  });

  test('is renewed five minutes before its token expires', async () => {
    jest.useFakeTimers({
      doNotFake: [
        'setTimeout',
        'clearTimeout',
        'setInterval',
        'clearInterval',
        'setImmediate',
        'clearImmediate',
        'nextTick',
        'queueMicrotask',
      ],
    });
    const [service, login] = [await startService(), await startLogin()];
    const client = clientOf(service.root, login.credential);
    const poll = async (): Promise<string | undefined> => {
      await client.fetchOperation(`${service.root}/a`);
      return service.tokens.at(-1);
    };
    expect(await poll()).toBe('token-1');
    jest.advanceTimersByTime((anHour - 310) * 1000);
    expect(await poll()).toBe('token-1');
    jest.advanceTimersByTime(15_000);
    expect([await poll(), login.requests.length]).toEqual(['token-2', 2]);
  });

  test('the claims of a challenge reach the login server, once for all', async () => {
    const [service, login] = [await startService((token) => token !== 'token-1'), await startLogin()];
    const client = clientOf(service.root, login.credential);
    const pollers = Array.from({length: 20}, (_none, id) => client.watch(`${service.root}/${id}`, quick));
    const ended = await Promise.all(pollers.map((poller) => poller.result()));
    expect(ended.every(({status}) => status === 'succeeded')).toBe(true);
    const asked = login.requests.map((request) => JSON.parse(request.get('claims') ?? 'null').access_token);
    // enableCae says that the client can answer challenges.
    const capable = {xms_cc: {values: ['cp1']}};
    expect(asked).toEqual([capable, {...claims.access_token, ...capable}]);
    expect(service.tokens.filter((token) => token === 'token-2')).toHaveLength(20);
  });
});

const repeated =
  'the option token answered the claims challenge with the token that was refused, which was not sent again';

describe.each(transports)('a managed identity, which ignores claims, by %s', (_, http) => {
  test.each(['IMDS', 'App Service'] as const)('one token for twenty pollers, from %s', async (place) => {
    const [service, identity] = [await startService(), identityAt(place)];
    const client = createOperationClient({root: service.root, token: identity.credential, ...http});
    const pollers = Array.from({length: 20}, (_none, id) => client.watch(`${service.root}/${id}`, quick));
    await Promise.all(pollers.map((poller) => poller.result()));
    expect([service.tokens.length, new Set(service.tokens).size, identity.requests.length]).toEqual([20, 1, 1]);
    expect(identity.requests[0]).toContain(`resource=${encodeURIComponent(service.root)}`);
  });

  test.each(['IMDS', 'App Service'] as const)(
    'a refused token is not sent twice, and the error says so: %s',
    async (place) => {
      const [service, identity] = [await startService(() => false), identityAt(place)];
      const client = createOperationClient({root: service.root, token: identity.credential, ...http});
      const outcome = await client.watch(`${service.root}/a`, quick).outcome();
      expect(outcome).toMatchObject({
        status: 'abandoned',
        reason: 'unauthorized',
        error: {name: 'UnauthorizedError', message: expect.stringContaining(repeated), cause: {httpStatus: 401}},
      });
      expect([service.tokens.length, identity.requests.length]).toEqual([1, 1]);
    },
  );

  test('the same for a poller of its own, and for a turn', async () => {
    const [service, identity] = [await startService(() => false), identityAt('IMDS')];
    const refused = {reason: 'unauthorized', error: {message: expect.stringContaining(repeated)}};
    const asked: TokenRequest[] = [];
    const token = async (request: TokenRequest): Promise<string> => {
      asked.push(request);
      return (await identity.credential.getToken(service.root))?.token ?? '';
    };
    const outcome = await pollOperation(`${service.root}/a`, {...quick, ...http, token}).outcome();
    expect(outcome).toMatchObject(refused);
    expect(asked).toMatchObject([{forceRefresh: false}, {forceRefresh: true, claims: JSON.stringify(claims)}]);
    const client = createOperationClient({root: service.root, token: identity.credential, ...http});
    const turn = await takeTurn(createRecord(`${service.root}/a`), {client}, Date.now());
    expect(turn).toMatchObject({done: refused});
    expect([service.tokens.length, identity.requests.length]).toEqual([2, 1]);
  });

  test('the same for the request that starts an operation', async () => {
    const [service, identity] = [await startService(() => false), identityAt('IMDS')];
    const client = createOperationClient({root: service.root, token: identity.credential, ...http});
    await expect(client.start(protocols.longRunning, {path: '/things', body: {}})).rejects.toMatchObject({
      name: 'OperationNotStartedError',
      mayHaveStarted: false,
      message: expect.stringContaining(repeated),
    });
    expect(service.tokens).toHaveLength(1);
  });
});
