import {afterEach, describe, expect, jest, test} from '@jest/globals';
import type {Fault, GraphEmulator, StepAnswer} from '../../src/testing/index.ts';
import {bearer, failureOf, field, partUrl, poll, postBatch, sendBatch, startEmulator, statuses} from './emulators.ts';

afterEach(() => {
  jest.useRealTimers();
});

/** The answer to a part that plays this step. */
async function partAnswer(step: StepAnswer): Promise<unknown> {
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script: [step]});
  const {response, byId} = await sendBatch(emulator, [{url: partUrl(emulator, operation)}]);
  expect(response.status).toBe(200);
  return byId.get('0');
}

describe('$batch', () => {
  test('answers each part like a single request, in another order', async () => {
    const emulator = await startEmulator();
    const [one, two, three] = [
      emulator.addOperation({script: ['running', 'succeeded']}),
      emulator.addOperation({script: [{http: 429, retryAfter: 2.128}, 'failed']}),
      emulator.addOperation({id: 'it’s', script: [{status: 'running', retryAfter: 1}]}),
    ];
    const parts = [one, two, three].map((operation) => ({url: partUrl(emulator, operation)}));
    const {response, body, byId} = await sendBatch(emulator, parts);
    expect(response.status).toBe(200);
    expect([...byId.keys()]).toEqual(['1', '2', '0']);
    expect(field(body, 'responses')).toMatchObject([
      {id: '1', status: 429, headers: {'Retry-After': '2.128'}, body: {error: {code: 'TooManyRequests'}}},
      {id: '2', status: 200, headers: {'Retry-After': '1'}, body: {status: 'running', id: 'it’s'}},
      {id: '0', status: 200, body: {status: 'running', id: one.id, statusDetail: null}},
    ]);
    expect((await poll(one.location)).body).toMatchObject({status: 'succeeded'});
    expect([one, two, three].map(({polls}) => polls)).toEqual([2, 1, 1]);
  });

  test('gives each part its own ids, and the client’s where there is one', async () => {
    const emulator = await startEmulator();
    const url = partUrl(emulator, emulator.addOperation());
    const {response, byId} = await sendBatch(emulator, [{url}, {url, headers: {'Client-Request-Id': 'mine'}}]);
    const ids = [field(byId.get('0'), 'headers', 'Request-Id'), field(byId.get('1'), 'headers', 'Request-Id')];
    expect(new Set([...ids, response.headers.get('request-id')]).size).toBe(3);
    expect(field(byId.get('0'), 'headers', 'Client-Request-Id')).toBe(ids[0]);
    expect(field(byId.get('1'), 'headers', 'Client-Request-Id')).toBe('mine');
  });

  test('writes the names of every second answer’s headers in lower case, if asked to', async () => {
    const emulator = await startEmulator({batchHeaders: 'mixed'});
    const url = partUrl(emulator, emulator.addOperation({script: [{status: 'running', retryAfter: 1}]}));
    const {byId} = await sendBatch(emulator, [{url}, {url}, {url}]);
    const names = ['0', '1', '2'].map((id) => Object.keys(Object(field(byId.get(id), 'headers'))));
    expect(names.map((each) => each.includes('Retry-After'))).toEqual([true, false, true]);
    expect(names[1]).toContain('retry-after');
  });

  test('accepts 20 parts and answers them in an order that is always the same', async () => {
    const emulator = await startEmulator({script: ['running']});
    const parts = Array.from({length: 20}, () => ({url: partUrl(emulator, emulator.addOperation())}));
    const orders = [(await sendBatch(emulator, parts)).byId, (await sendBatch(emulator, parts)).byId];
    const [first, second] = orders.map((byId) => [...byId.keys()]);
    expect(second).toEqual(first);
    expect(new Set(first).size).toBe(20);
    expect(first?.every((id, index) => id !== String(index))).toBe(true);
  });

  test('serves every request of the service, under the version of the envelope', async () => {
    const emulator = await startEmulator();
    const reset = 'users/adele@contoso.example/authentication/methods/x/resetPassword';
    const {byId} = await sendBatch(emulator, [
      {
        url: `/${reset}`,
        method: 'post',
        headers: {'Content-Type': 'application/json'},
        body: {newPassword: 'Chosen-1'},
      },
      {url: reset, method: 'POST', headers: {'content-type': 'application/json'}, body: 'e30='},
      {url: '/v1.0/users/a/authentication/operations/b'},
      {url: '/$batch', method: 'POST', headers: {'content-type': 'application/json'}, body: {requests: []}},
    ]);
    expect(byId.get('0')).toMatchObject({status: 202, headers: {Location: emulator.operations[0]?.location}, body: {}});
    expect(byId.get('1')).toMatchObject({status: 202, body: {newPassword: 'Emulated-0-Password'}});
    expect([field(byId.get('2'), 'status'), field(byId.get('3'), 'status')]).toEqual([404, 404]);
    const beta = await poll(`${emulator.root}/beta/$batch`, {
      method: 'POST',
      body: JSON.stringify({
        requests: [{id: 'a', method: 'POST', url: reset, headers: {'content-type': 'x/y'}, body: {}}],
      }),
    });
    expect(beta.response.status).toBe(200);
    expect(emulator.operations[2]?.location).toMatch(/\/beta\/users\//);
  });

  test('uses one token for all parts: that of the envelope', async () => {
    const emulator = await startEmulator({token: 'test-token'});
    const [mine, none] = [emulator.addOperation(), emulator.addOperation({bearer: false})];
    const {byId} = await sendBatch(emulator, [
      {url: partUrl(emulator, mine), headers: {Authorization: 'Bearer another'}},
      {url: partUrl(emulator, none)},
    ]);
    expect([field(byId.get('0'), 'status'), field(byId.get('1'), 'status')]).toEqual([200, 401]);
    expect(mine.requests[0]?.headers['authorization']).toBe('Bearer another');
    expect(none.requests[0]?.headers['authorization']).toBe('Bearer test-token');
    const {response} = await poll(`${emulator.root}/v1.0/$batch`, {
      method: 'POST',
      headers: {authorization: 'Bearer no'},
    });
    expect(response.status).toBe(401);
  });

  test('waits for its slowest part', async () => {
    jest.useFakeTimers();
    const emulator = await startEmulator();
    const script: StepAnswer[] = [{status: 'running', delay: 2000}];
    const urls = [{script}, {}, {script}].map((options) => partUrl(emulator, emulator.addOperation(options)));
    const arriving = emulator.nextRequest();
    let answered = false;
    const answer = sendBatch(emulator, [{url: urls[0]}, {url: urls[1]}, {url: urls[2], dependsOn: ['0']}]).then(
      (sent) => {
        answered = true;
        return sent;
      },
    );
    await arriving;
    await jest.advanceTimersByTimeAsync(3999);
    expect(answered).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect((await answer).byId.size).toBe(3);
  });
});

describe('a part that depends on others', () => {
  test('is answered after them, whatever their order in the envelope', async () => {
    const emulator = await startEmulator();
    const url = partUrl(emulator, emulator.addOperation({script: ['a', 'b', 'c']}));
    const {byId} = await sendBatch(emulator, [
      {id: 'x', url, dependsOn: ['Y', 'z']},
      {id: 'y', url},
      {id: 'z', url, dependsOn: ['y']},
    ]);
    expect(['x', 'y', 'z'].map((id) => field(byId.get(id), 'body', 'status'))).toEqual(['c', 'a', 'b']);
  });

  test('is answered 424 and never reaches its operation if one of them failed', async () => {
    const emulator = await startEmulator();
    const [failing, other] = [emulator.addOperation({script: [{http: 404}]}), emulator.addOperation()];
    const {byId} = await sendBatch(emulator, [
      {url: partUrl(emulator, failing)},
      {url: partUrl(emulator, other), dependsOn: ['0']},
      {url: partUrl(emulator, other), dependsOn: ['1']},
    ]);
    expect(['0', '1', '2'].map((id) => field(byId.get(id), 'status'))).toEqual([404, 424, 424]);
    expect(byId.get('1')).toMatchObject({body: {error: {code: 'failedDependency'}}});
    expect([other.polls, other.requests.length, emulator.served]).toEqual([0, 0, 1]);
  });
});

describe('the body of a part is', () => {
  test.each([[{}], [[]], ['x'], [5], [null]])('JSON as it is: %j', async (body) => {
    expect(await partAnswer({body})).toMatchObject({status: 200, body});
  });

  test.each([['<html>busy ü</html>'], ['{"status":']])('Base64 if it is not JSON: %s', async (text) => {
    const answer = await partAnswer({text, http: 502});
    expect(answer).toMatchObject({status: 502, body: Buffer.from(text).toString('base64')});
  });

  test('absent where there is none, and null with 204', async () => {
    expect(await partAnswer({text: '', http: 500})).not.toHaveProperty('body');
    expect(await partAnswer({redirect: 'https://elsewhere.example/'})).toMatchObject({status: 302});
    expect(await partAnswer({http: 204})).toMatchObject({status: 204, body: null});
  });

  test('next to its headers, joined where there are several', async () => {
    const answer = await partAnswer({headers: {'WWW-Authenticate': ['Bearer a', 'Bearer b']}, http: 401});
    expect(answer).toMatchObject({headers: {'Www-Authenticate': 'Bearer a, Bearer b'}});
  });
});

describe('a fault of a part is turned into an error by the gateway', () => {
  const cases: ReadonlyArray<readonly [Fault, number]> = [
    ['reset', 502],
    ['truncated', 502],
    ['huge', 502],
    ['hang', 504],
    ['hangBody', 504],
    ['endless', 504],
  ];
  test.each(cases)('%s: %i', async (fault, status) => {
    const error = {code: status === 502 ? 'badGateway' : 'gatewayTimeout'};
    expect(await partAnswer({fault, retryAfter: 5})).toMatchObject({status, body: {error}});
  });
});

describe('an envelope', () => {
  const get = {method: 'GET', url: '/me'};
  const write = {id: '1', method: 'POST', url: '/me'};
  const json = {'content-type': 'application/json'};
  const malformed: ReadonlyArray<readonly [requests: unknown, message: string]> = [
    [undefined, 'Invalid batch payload format.'],
    [[], 'Invalid batch payload format.'],
    [[null], 'Invalid batch payload format.'],
    [Array.from({length: 21}, (_, id) => ({...get, id: `${id}`})), 'exceeds the maximum value of 20'],
    [[get], 'Request Id cannot be null or empty.'],
    [[{...get, id: 1}], 'Request Id cannot be null or empty.'],
    [
      [
        {...get, id: 'a'},
        {...get, id: 'A'},
      ],
      'Request Id A has to be unique in a batch.',
    ],
    [[{id: '1', url: '/me'}], 'Request 1 has no method.'],
    [[{id: '1', method: 'GET'}], 'The url of request 1 must be relative'],
    [[{...get, id: '1', url: 'https://graph.microsoft.com/v1.0/me'}], 'The url of request 1 must be relative'],
    [[{...get, id: '1', url: '//elsewhere.example/me'}], 'The url of request 1 must be relative'],
    [[{...get, id: '1', headers: {a: 5}}], 'The headers of request 1 are invalid.'],
    [[{...get, id: '1', headers: []}], 'The headers of request 1 are invalid.'],
    [[write], 'Write request id : 1 does not contain Content-Type header or body.'],
    [[{...write, body: {}}], 'Write request id : 1 does not contain Content-Type header or body.'],
    [[{...write, headers: json, body: null}], 'Write request id : 1 does not contain Content-Type header or body.'],
    [[{...get, id: '1', dependsOn: '2'}], 'The dependsOn of request 1 must be a list of ids.'],
    [[{...get, id: '1', dependsOn: ['2']}], 'depends on one that is not in the batch'],
    [[{...get, id: '1', dependsOn: ['1']}], 'depends on one that is not in the batch, or on itself'],
  ];
  test.each(malformed.map(([requests, message]) => [message, requests]))(
    'is refused as a whole: %s',
    async (message, requests) => {
      const emulator = await startEmulator();
      const {response, body} = await postBatch(emulator, JSON.stringify({requests}));
      expect([response.status, field(body, 'error', 'message')]).toEqual([
        400,
        expect.stringContaining(String(message)),
      ]);
      expect(emulator.served).toBe(0);
    },
  );

  test('is refused as a whole if it is not JSON, and with a specific code if it is too long', async () => {
    const emulator = await startEmulator();
    expect((await postBatch(emulator, '{"requests": [')).response.status).toBe(400);
    const {body} = await sendBatch(
      emulator,
      Array.from({length: 21}, () => ({url: '/me'})),
    );
    expect(field(body, 'error', 'code')).toBe('MaximumValueExceeded');
  });

  test('must be a POST', async () => {
    const {response} = await poll(`${(await startEmulator()).root}/v1.0/$batch`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('is recorded with its body, its parts only with their operations', async () => {
    const emulator = await startEmulator();
    const operation = emulator.addOperation();
    await sendBatch(emulator, [{url: partUrl(emulator, operation), headers: {'X-Mine': 'yes'}}]);
    await statuses(operation.location, 1);
    expect(emulator.requests).toMatchObject([{method: 'POST', path: '/v1.0/$batch', batched: false}, {method: 'GET'}]);
    expect(JSON.parse(emulator.requests[0]?.body ?? '')).toMatchObject({requests: [{id: '0'}]});
    const [part, alone] = operation.requests;
    expect(part).toEqual({
      method: 'GET',
      path: operation.location.slice(emulator.root.length),
      headers: {...bearer, 'x-mine': 'yes'},
      at: emulator.requests[0]?.at,
      batched: true,
      aborted: false,
    });
    expect(alone).toBe(emulator.requests[1]);
    expect([emulator.received, emulator.served]).toEqual([2, 2]);
  });

  test('is not recorded with record: false', async () => {
    const emulator = await startEmulator({record: false});
    const operation = emulator.addOperation();
    await sendBatch(emulator, [{url: partUrl(emulator, operation)}]);
    expect([operation.polls, operation.requests, emulator.received, emulator.served]).toEqual([1, [], 1, 1]);
  });
});

describe('the script of the envelopes', () => {
  async function withBatch(
    steps: readonly StepAnswer[],
  ): Promise<{emulator: GraphEmulator; send(): ReturnType<typeof sendBatch>}> {
    const emulator = await startEmulator({batch: steps});
    const operation = emulator.addOperation();
    return {emulator, send: () => sendBatch(emulator, [{url: partUrl(emulator, operation)}])};
  }

  test('gives each envelope one step, then normal service; the parts of a failed envelope take no step', async () => {
    const {emulator, send} = await withBatch([
      {http: 503, retryAfter: 7},
      {text: '<html>', http: 502},
      {body: {responses: []}},
    ]);
    const failed = await send();
    expect([failed.response.status, failed.response.headers.get('retry-after')]).toEqual([503, '7']);
    expect(field(failed.body, 'error', 'code')).toBe('serviceNotAvailable');
    const html = await fetch(`${emulator.root}/v1.0/$batch`, {method: 'POST', headers: bearer});
    expect([html.status, await html.text()]).toEqual([502, '<html>']);
    expect((await send()).body).toEqual({responses: []});
    expect([emulator.operations[0]?.polls, emulator.operations[0]?.requests.length, emulator.served]).toEqual([
      0, 0, 0,
    ]);
    expect((await send()).byId.get('0')).toMatchObject({status: 200, body: {status: 'notStarted'}});
  });

  test('can serve the parts although the answer is lost on the way', async () => {
    const {emulator, send} = await withBatch([{fault: 'reset'}, {retryAfter: 1, headers: {'x-more': 'y'}}]);
    expect(await failureOf(send())).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    const {response, byId} = await send();
    expect([response.headers.get('retry-after'), response.headers.get('x-more')]).toEqual(['1', 'y']);
    expect(byId.get('0')).toMatchObject({body: {status: 'running'}});
    expect(emulator.operations[0]?.requests).toMatchObject([{batched: true, aborted: false}, {batched: true}]);
  });

  test('marks the parts as aborted if the client of the envelope disconnects', async () => {
    const {emulator} = await withBatch([{fault: 'hang'}]);
    const [operation] = emulator.operations;
    const controller = new AbortController();
    const arriving = emulator.nextRequest();
    const requests = [{id: '1', method: 'GET', url: operation === undefined ? '' : partUrl(emulator, operation)}];
    const answer = failureOf(
      fetch(`${emulator.root}/v1.0/$batch`, {
        method: 'POST',
        headers: bearer,
        body: JSON.stringify({requests}),
        signal: controller.signal,
      }),
    );
    await arriving;
    controller.abort();
    await answer;
    await emulator.idle();
    expect(operation?.requests).toMatchObject([{batched: true, aborted: true}]);
  });

  test('can be replaced, and $batch can be absent', async () => {
    const {emulator, send} = await withBatch([]);
    emulator.rescriptBatch(false);
    const {response, body} = await send();
    expect([response.status, field(body, 'error', 'code')]).toEqual([404, 'ResourceNotFound']);
    emulator.rescriptBatch([{http: 429, times: 2}]);
    expect([(await send()).response.status, (await send()).response.status, (await send()).response.status]).toEqual([
      429, 429, 200,
    ]);
    const without = await startEmulator({batch: false});
    expect((await postBatch(without, '{}')).response.status).toBe(404);
  });

  const wrong: ReadonlyArray<readonly [unknown, string]> = [
    [true, 'answers: expected a list of answers, got true'],
    [['running'], "answers[0]: expected an object, got 'running'"],
    [[{}, {http: 99}], 'answers[1].http: expected a whole number from 200 to 599, got 99'],
  ];
  test.each(wrong.map(([answers, message]) => [message, answers]))(
    'is refused at the call: %s',
    async (message, answers) => {
      const emulator = await startEmulator();
      expect(() => Reflect.apply(emulator.rescriptBatch, emulator, [answers])).toThrow(String(message));
    },
  );
});

test('many envelopes reach each operation exactly once', async () => {
  const emulator = await startEmulator({record: false, script: ['running']});
  const urls = Array.from({length: 1000}, () => partUrl(emulator, emulator.addOperation()));
  const envelopes = Array.from({length: 50}, (_, index) => urls.slice(index * 20, index * 20 + 20));
  const answers = await Promise.all(
    envelopes.map((part) =>
      sendBatch(
        emulator,
        part.map((url) => ({url})),
      ),
    ),
  );
  expect(answers.every(({byId}) => byId.size === 20)).toBe(true);
  expect([emulator.received, emulator.served]).toEqual([50, 1000]);
  expect(emulator.operations.every(({polls}) => polls === 1)).toBe(true);
});
