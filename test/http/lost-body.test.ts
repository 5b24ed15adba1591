// A response whose head has arrived counts by its head, even if its body is lost. On both transports.

import type {ServerResponse} from 'node:http';
import {describe, expect, test} from '@jest/globals';
import ky, {type KyInstance} from 'ky';
import {createOperationClient} from '../../src/client/index.ts';
import {createGraphClient} from '../../src/graph/index.ts';
import type {ResponseHead} from '../../src/http/transport.ts';
import {OperationNotStartedError, protocols} from '../../src/index.ts';
import {leanHttp} from '../../src/node/index.ts';
import {now} from '../../src/shared/clock.ts';
import {failure, only, quick, recordEvents, startServer, type TestServer, token} from '../support/behaviours.ts';
import {playByFakeTimers} from '../support/fake-time.ts';

type Loss = (response: ServerResponse) => void;

/** The `content-length` of a body of which only the beginning arrives. */
const announced = '1000';

/** Ways to lose a body, after a head with these headers. */
const losses: ReadonlyArray<readonly [string, Loss]> = [
  [
    'breaks off',
    (response) => {
      response.setHeader('content-length', announced);
      response.write('{"id": ', () => response.destroy());
    },
  ],
  [
    'never ends',
    (response) => {
      response.setHeader('content-length', announced);
      response.write('{"id": ');
    },
  ],
  ['is too long', (response) => void response.end(`"${'x'.repeat(5000)}"`)],
  ['is nested too deeply', (response) => void response.end(`${'['.repeat(400)}${']'.repeat(400)}`)],
];

/** What a poll whose body was lost has failed with. */
const kindOf: Readonly<Record<string, string>> = {
  'breaks off': 'network',
  'never ends': 'timeout',
  'is nested too deeply': 'protocol',
};

const limits = {startTimeout: 1000};
const {schedule, retry} = quick;
const options = {schedule, retry, requestTimeout: 1000, maxResponseSize: 2000};

/** A service that loses the body of what is no GET, or of its first answer to one. */
function service(
  lose: Loss,
  head: {readonly status: number; readonly headers?: Readonly<Record<string, string>>},
  isLost: (method: string | undefined, count: number) => boolean = (method) => method !== 'GET',
): Promise<TestServer & {readonly at?: number}> {
  return startServer(({method}, response, count) => {
    response.setHeader('content-type', 'application/json');
    if (!isLost(method, count)) {
      response.end('{"id": "a", "status": "succeeded"}');
      return;
    }
    response.statusCode = head.status;
    for (const [name, value] of Object.entries(head.headers ?? {})) response.setHeader(name, value);
    lose(response);
  });
}

/** What becomes of a request whose response loses its body. */
const fates: Readonly<Record<string, (http: KyInstance, name: string, lose: Loss) => Promise<void>>> = {
  'does not lose the location of a start': async (http, _, lose) => {
    const {root, requests} = await service(lose, {status: 202, headers: {location: '/jobs/1'}});
    const client = createOperationClient({root, http, token, ...limits});
    const {poller, answer} = await client.start(protocols.longRunning, {path: '/jobs'}, options);
    expect((await poller!.result()).status).toBe('succeeded');
    expect([answer.httpStatus, requests.map(({url}) => url)]).toEqual([202, ['/jobs', '/jobs/1']]);
  },
  'of a start that leads nowhere leaves open whether it has started': async (http, name, lose) => {
    const {root, requests} = await service(lose, {status: 202});
    const client = createOperationClient({root, http, token, ...limits});
    const starting = client.start(protocols.longRunning, {path: '/jobs'}, options);
    // One that is JSON has said where the operation is not.
    if (name === 'is nested too deeply') expect((await starting).confirmed).toBe(false);
    else expect((await failure(starting, OperationNotStartedError)).mayHaveStarted).toBe(true);
    expect(requests).toHaveLength(1);
  },
  'of a start that the service refused does not hide that': async (http, _, lose) => {
    const {root} = await service(lose, {status: 409});
    const client = createOperationClient({root, http, token, ...limits});
    const starting = client.start(protocols.longRunning, {path: '/jobs'}, options);
    const error = await failure(starting, OperationNotStartedError);
    expect(error).toMatchObject({mayHaveStarted: false, cause: {httpStatus: 409}});
  },
  'does not make a cancellation fail that was accepted': async (http, _, lose) => {
    const {root} = await service(lose, {status: 202});
    const protocol = protocols.define({...protocols.longRunning, name: 'cancels', cancel: {method: 'DELETE'}});
    const client = createOperationClient({root, http, token});
    const poller = client.watch(`${root}/jobs/1`, {...options, protocol, initialDelay: 60_000});
    recordEvents(poller);
    await poller.cancel();
  },
  'of a good answer to a poll is a failed request, which says why': async (http, name, lose) => {
    const {root} = await service(lose, {status: 200}, (_method, count) => count === 1);
    const client = createOperationClient({root, http, token});
    const {poller, events} = recordEvents(client.watch(`${root}/jobs/1`, options));
    const outcome = await poller.outcome();
    const kinds = only(events, 'retrying').map(({error}) => error.kind);
    if (name === 'is too long') expect(outcome).toMatchObject({reason: 'protocol'});
    else expect([outcome.status, kinds]).toEqual(['succeeded', [kindOf[name]]]);
  },
  'of a 503 does not lose its Retry-After': async (http, name, lose) => {
    const head = {status: 503, headers: {'retry-after': '0.4'}};
    const {root} = await service(lose, head, (_method, count) => count === 1);
    const client = createOperationClient({root, http, token});
    const {poller, events} = recordEvents(client.watch(`${root}/jobs/1`, options));
    const outcome = await poller.outcome();
    // Too long a body ends a watch, whatever its status.
    if (name === 'is too long') expect(outcome).toMatchObject({reason: 'protocol'});
    else expect([outcome.status, only(events, 'retrying')[0]?.delay]).toEqual(['succeeded', 400]);
  },
  'of a 429 holds back the other requests of the client too': async (http, _, lose) => {
    const at: number[] = [];
    const {root} = await startServer((_request, response, count) => {
      at.push(now());
      response.setHeader('content-type', 'application/json');
      if (count > 1) response.end('{"id": "a", "status": "succeeded"}');
      else {
        response.statusCode = 429;
        response.setHeader('retry-after', '0.5');
        lose(response);
      }
    });
    const client = createOperationClient({root, http, token});
    const {poller} = recordEvents(client.watch(`${root}/jobs/1`, options));
    poller.on('retrying', () => poller.stop());
    await poller.outcome();
    await recordEvents(client.watch(`${root}/jobs/2`, options)).poller.result();
    expect(at).toHaveLength(2);
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(500);
  },
};

const transports: ReadonlyArray<readonly [string, KyInstance]> = [
  ['ky', ky],
  ['leanHttp', leanHttp()],
];

/** Whether the body that comes after a head is one that never ends, where one of them does not. */
const isEndless = ({headers}: ResponseHead): boolean => headers.get('content-length') === announced;

describe.each(losses)('a body that %s', (name, lose) => {
  const cases = transports.flatMap(([transport, http]) =>
    Object.entries(fates).map(([fate, play]) => [transport, fate, http, play] as const),
  );
  test.each(cases)('%s: %s', (_, __, http, play) =>
    playByFakeTimers(http, (counted) => play(counted, name, lose), name === 'never ends' ? isEndless : undefined),
  );
});

describe.each(transports)('%s', (_, http) => {
  test('a 202 without its body is running where the protocol reads the HTTP status', async () => {
    const {root} = await service(losses[0]![1], {status: 202}, (_method, count) => count === 1);
    const protocol = protocols.define({...protocols.longRunning, name: 'statuses', httpStatuses: {202: 'running'}});
    const client = createOperationClient({root, http, token});
    const {poller, events} = recordEvents(client.watch(`${root}/jobs/1`, {schedule, retry, protocol}));
    await poller.result();
    expect(events.map(({type}) => type)).toEqual(['polled', 'running', 'waiting', 'polled', 'succeeded']);
  });

  test('a reset that loses the password of its service shows no header that may quote it', async () => {
    const headers = {
      location: '/v1.0/users/a/authentication/operations/MARKERpassword',
      'request-id': 'MARKERpassword',
    };
    const {root} = await service(losses[0]![1], {status: 202, headers});
    const graph = createGraphClient({root, http, token, batch: false});
    const error = await failure(graph.resetPassword('a', {schedule, retry}), OperationNotStartedError);
    expect(error.mayHaveStarted).toBe(true);
    expect(JSON.stringify([error, error.cause])).not.toContain('MARKER');
  });

  test('a reset to a given password goes on', async () => {
    const headers = {location: '/v1.0/users/a/authentication/operations/1'};
    const {root} = await service(losses[0]![1], {status: 202, headers});
    const graph = createGraphClient({root, http, token, batch: false});
    const reset = await graph.resetPassword('a', {
      schedule,
      retry,
      newPassword: 'a-new-password',
    });
    expect(await reset.newPassword()).toBe('a-new-password');
  });
});
