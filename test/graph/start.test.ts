import {describe, expect, jest, test} from '@jest/globals';
import type {StartRequest} from '../../src/graph/index.ts';
import {OperationNotStartedError, ProtocolError} from '../../src/operation/errors.ts';
import type {OperationPoller} from '../../src/poller.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import {startEmulator} from '../testing/emulators.ts';
import {clientOf, eventsOf, everything, quick, rejectionOf, token} from './clients.ts';

const {graph: presets, azure, google, longRunning} = protocols;

/** How many milliseconds after its start a poller sends its first request. */
function delayOf(poller: OperationPoller): number {
  const {dueAt, startedAt} = poller.toJSON();
  return dueAt - startedAt;
}

describe('an operation is started', () => {
  test('with 202 and a Location', async () => {
    const emulator = await startEmulator({token});
    const clone = emulator.addStart({path: '/sites/a/copy', starts: {path: '/operations/1', script: ['succeeded']}});
    const request: StartRequest = {path: '/sites/a/copy', body: {b: 1}, headers: {'consistency-level': 'eventual'}};
    const {poller, confirmed} = await clientOf(emulator).start(presets.richLongRunning, request, quick);
    expect([confirmed, (await poller!.result()).id]).toEqual([true, '1']);
    const [sent] = clone.requests;
    expect([sent?.method, sent?.body, sent?.headers['consistency-level']]).toEqual(['POST', '{"b":1}', 'eventual']);
    expect(sent?.headers['authorization']).toBe(`Bearer ${token}`);
    expect(sent?.headers['client-request-id']).toMatch(/^[\da-f-]{36}$/);
  });

  test.each(['PUT', 'PATCH'] as const)('by %s, on an absolute URL, without a body', async (method) => {
    const emulator = await startEmulator();
    const start = emulator.addStart({path: '/a', method, starts: {path: '/b', script: ['succeeded']}});
    const {poller} = await clientOf(emulator).start(longRunning, {method, path: start.location}, quick);
    await poller!.result();
    expect([start.requests[0]?.method, start.requests[0]?.body]).toEqual([method, undefined]);
  });

  test.each(['DELETE', 'GET'] as const)('43: by %s, of which each is sent once, by itself', async (method) => {
    const emulator = await startEmulator();
    for (const path of ['/a', '/b']) {
      emulator.addStart({path, method, starts: {path: `${path}/operation`, script: ['succeeded']}});
    }
    const graph = clientOf(emulator, {batch: 10});
    const startAt = async (path: string) => (await graph.start(longRunning, {method, path}, quick)).poller!.result();
    await Promise.all([startAt('/a'), startAt('/b')]);
    const starts = emulator.requests.slice(0, 2).map(({method: sent, path}) => `${sent} ${path}`);
    expect(starts.sort()).toEqual([`${method} /v1.0/a`, `${method} /v1.0/b`]);
  });

  test('with an Operation-Location, after which the protocol waits', async () => {
    const emulator = await startEmulator();
    const starts = {path: '/operations/1', script: ['succeeded']};
    emulator.addStart({path: '/communities', header: 'Operation-Location', starts});
    const {poller} = await clientOf(emulator).start(presets.engagement, {path: '/communities'});
    expect(delayOf(poller!)).toBe(30_000);
    poller!.stop();
    expect(emulator.received).toBe(1);
  });

  test('and first polled when the service says, or when the caller does', async () => {
    const emulator = await startEmulator();
    emulator.addStart({path: '/a', answer: {retryAfter: 7}, starts: {path: '/b/{id}'}});
    const graph = clientOf(emulator);
    for (const [options, delay] of [
      [{}, 7000],
      [{initialDelay: 9000}, 9000],
    ] as const) {
      const {poller} = await graph.start(longRunning, {path: '/a'}, options);
      expect(delayOf(poller!)).toBe(delay);
      poller!.stop();
    }
  });

  test('36: with a path that leaves out the version', async () => {
    const emulator = await startEmulator({location: 'relative'});
    const starts = {path: "/teams('a')/operations('b')", script: ['succeeded']};
    emulator.addStart({path: "/teams('a')/clone", answer: {retryAfter: 0.1}, starts});
    const {poller} = await clientOf(emulator).start(presets.teams, {path: "/teams('a')/clone"}, quick);
    await poller!.result();
    expect(emulator.requests.map(({path}) => path)).toEqual([
      "/v1.0/teams('a')/clone",
      "/v1.0/teams('a')/operations('b')",
    ]);
  });

  test('with 201 and the resource itself, which is the first report', async () => {
    const emulator = await startEmulator();
    const path = '/deviceManagement/reports/exportJobs';
    const start = emulator.addStart({
      path,
      answer: {http: 201, status: 'notStarted'},
      location: 'none',
      starts: {path: `${path}/{id}`, script: [{status: 'completed', fields: {url: 'https://x.example/?sig=1'}}]},
    });
    const {poller} = await clientOf(emulator).start(presets.intuneExport, {path}, quick);
    expect(delayOf(poller!)).toBe(0);
    const events = eventsOf(poller!);
    const {result} = await poller!.result();
    expect([result, emulator.received]).toEqual(['https://x.example/?sig=1', 2]);
    expect(events.filter(({type}) => type === 'polled').map(({attempt}) => attempt)).toEqual([1, 2]);
    expect([events[0]?.operation?.status, events[1]?.type]).toEqual(['notStarted', 'notStarted']);
    expect(start.started[0]?.polls).toBe(1);
  });

  test('with 201 and a resource that has ended: no request follows', async () => {
    const emulator = await startEmulator();
    emulator.addStart({path: '/jobs', answer: {http: 201, body: {id: '1', status: 'completed', url: 'u'}}});
    const {poller} = await clientOf(emulator).start(presets.intuneExport, {path: '/jobs'}, quick);
    const events = eventsOf(poller!);
    expect([(await poller!.result()).result, emulator.received]).toEqual(['u', 1]);
    expect(events.map(({type}) => type)).toEqual(['polled', 'succeeded']);
  });

  test('with its name, looked up under the root', async () => {
    const emulator = await startEmulator();
    emulator.addStart({path: '/a:run', answer: {http: 200, body: {name: 'operations/7', done: false}}});
    emulator.addOperation({path: '/operations/7', script: [{body: {name: 'operations/7', done: true, response: 5}}]});
    const {poller} = await clientOf(emulator).start(google.longrunning, {path: '/a:run'}, quick);
    expect((await poller!.result()).result).toBe(5);
  });

  test('completed by the start itself: 201 of a workbook, 200, 204', async () => {
    for (const [answer, result] of [
      [{http: 201, body: {id: 'session'}}, {id: 'session'}],
      [{http: 200, body: {value: 5}}, {value: 5}],
      [{http: 204}, null],
    ] as const) {
      const emulator = await startEmulator();
      const start = emulator.addStart({path: '/createSession', answer});
      const {poller} = await clientOf(emulator).start(presets.workbook, {path: '/createSession'});
      const operation = await poller!.result();
      expect([operation.status, operation.result, emulator.received]).toEqual(['succeeded', result, 1]);
      expect(start.requests[0]?.headers['prefer']).toBe('respond-async');
      expect(clientOf(emulator).resume(JSON.stringify(poller)).toJSON()).toEqual(poller!.toJSON());
    }
  });

  test.each([
    ['202 without a Location', longRunning, {http: 202}],
    ['a page under 200', longRunning, {http: 200, text: '<html>'}],
    ['an error under 200', longRunning, {http: 200, body: {error: {code: 'x'}}}],
    ['a resource without an id', presets.intuneExport, {http: 201, body: {status: 'completed'}}],
  ])('unconfirmed: %s', async (_, protocol, answer) => {
    const emulator = await startEmulator();
    emulator.addStart({path: '/a', answer});
    const started = await clientOf(emulator).start(protocol, {path: '/a'});
    expect(started).toEqual({confirmed: false, poller: undefined, answer: expect.anything()});
    expect(started.answer).toMatchObject({httpStatus: answer.http, requestId: expect.any(String)});
  });

  test('in Azure, where only a Location leads there', async () => {
    const emulator = await startEmulator();
    const script = [
      {http: 202, text: ''},
      {http: 200, body: {made: true}},
    ];
    emulator.addStart({path: '/a', starts: {path: '/b', script}});
    const {poller} = await clientOf(emulator).start(azure.statusMonitor, {path: '/a'}, quick);
    expect((await poller!.result()).result).toEqual({made: true});
    expect(poller!.toJSON().protocol).toBe('azure.location');
  });

  test('39: a drive copy: the token goes to the start, never to the monitor; 303 is not followed', async () => {
    const emulator = await startEmulator({token});
    const foreign = await startEmulator();
    const monitor = foreign.addOperation({
      path: '/monitor/4A3407B5',
      version: false,
      bearer: false,
      query: 'tempauth=secret',
      script: [
        {http: 202, status: 'inProgress', percentageComplete: 40.5},
        {http: 303, redirect: `${emulator.root}/v1.0/drives/d/items/i`, status: 'completed'},
      ],
    });
    emulator.addStart({path: '/drives/d/items/i/copy', answer: {location: monitor.location}});
    const {poller} = await clientOf(emulator).start(presets.driveCopy, {path: '/drives/d/items/i/copy'}, quick);
    const events = eventsOf(poller!);
    const operation = await poller!.result();
    expect(operation).toMatchObject({rawStatus: '303', resourceLocation: `${emulator.root}/v1.0/drives/d/items/i`});
    expect([emulator.received, foreign.received]).toEqual([1, 2]);
    expect(emulator.requests[0]?.headers['authorization']).toBe(`Bearer ${token}`);
    expect(foreign.requests.map(({headers}) => headers['authorization'])).toEqual([undefined, undefined]);
    expect(everything(events)).not.toContain('tempauth');
    expect(JSON.stringify(poller)).toContain('tempauth');
  });

  test('a foreign Location is refused where a token is needed, and no request goes there', async () => {
    const emulator = await startEmulator();
    const foreign = await startEmulator();
    const {location} = foreign.addOperation();
    emulator.addStart({path: '/a', answer: {location}});
    const error = await rejectionOf(clientOf(emulator).start(longRunning, {path: '/a'}));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(String(error)).not.toContain('aadgdc');
    expect([emulator.received, foreign.received]).toEqual([1, 0]);
  });

  test('with the token for starting, and watched with the other', async () => {
    const emulator = await startEmulator();
    emulator.addStart({path: '/a', starts: {path: '/b', script: ['succeeded']}});
    const graph = clientOf(emulator, {token: 'token-to-watch', startToken: async () => 'token-to-start'});
    await (await graph.start(longRunning, {path: '/a'}, quick)).poller!.result();
    expect(emulator.requests.map(({headers}) => headers['authorization'])).toEqual([
      'Bearer token-to-start',
      'Bearer token-to-watch',
    ]);
  });

  test.each([
    [undefined, 'request: expected an object with a path'],
    [{}, 'path: expected a path'],
    [{path: 'teams'}, 'path: expected a path that begins with /'],
    [{path: 'https://elsewhere.example/'}, 'path: expected a path that begins with /'],
    [{path: '/a', method: 'HEAD'}, `method: expected 'POST', 'PUT', 'PATCH', 'DELETE' or 'GET', got "HEAD"`],
    [{path: '/a', headers: {Authorization: 'Bearer x'}}, 'headers.Authorization: expected no token here'],
    [{path: '/a', headers: null}, 'headers: expected an object with a string for each header, got null'],
    [{path: '/a', json: {}}, 'json: there is no such option; there are method, path, body, headers'],
    [{path: '/a', headers: {x: 5}}, 'headers.x: expected visible ASCII characters and spaces, got a number'],
  ])('not with %j', async (request, message) => {
    const emulator = await startEmulator();
    const error = await rejectionOf(clientOf(emulator).start(longRunning, request as StartRequest));
    expect([error instanceof TypeError, String(error)]).toEqual([true, expect.stringContaining(message)]);
    expect(emulator.received).toBe(0);
  });

  test('not when the service refuses', async () => {
    const emulator = await startEmulator();
    emulator.addStart({path: '/a', answer: {http: 409, error: {code: 'nameAlreadyExists', message: 'No'}}});
    const error = await rejectionOf(clientOf(emulator).start(longRunning, {path: '/a'}));
    expect(error).toBeInstanceOf(OperationNotStartedError);
    expect(error).toMatchObject({mayHaveStarted: false, cause: {httpStatus: 409, code: 'nameAlreadyExists'}});
  });
});

test('a start that is held back is not sent, and leaves nothing behind when it is given up', async () => {
  jest.useFakeTimers();
  try {
    const emulator = await startEmulator();
    emulator.addStart({path: '/a', answer: {http: 429, retryAfter: 60}});
    const graph = clientOf(emulator);
    await rejectionOf(graph.start(longRunning, {path: '/a'}));
    const controller = new AbortController();
    const starting = rejectionOf(graph.start(longRunning, {path: '/a'}, {signal: controller.signal}));
    await jest.advanceTimersByTimeAsync(30_000);
    controller.abort('enough');
    expect(await starting).toMatchObject({mayHaveStarted: false, cause: 'enough'});
    expect([emulator.received, jest.getTimerCount()]).toEqual([1, 0]);
  } finally {
    jest.useRealTimers();
  }
});

test('a listener that is added right after the start gets all events', async () => {
  // By the real clock, the wait could be over before watching begins.
  jest.useFakeTimers();
  try {
    const emulator = await startEmulator();
    emulator.addStart({
      path: '/start',
      answer: {http: 202, retryAfter: 0.2},
      starts: {path: '/operations/{id}', script: ['succeeded']},
    });
    const {poller} = await clientOf(emulator, {batch: false}).start(protocols.longRunning, {path: '/start'});
    const types: string[] = [];
    poller?.on('*', ({type}) => types.push(type));
    await jest.advanceTimersByTimeAsync(200);
    await poller?.result();
    expect(types).toEqual(['waiting', 'polled', 'succeeded']);
  } finally {
    jest.useRealTimers();
  }
});
