import {describe, expect, test} from '@jest/globals';
import type {OperationStep} from '../../src/testing/index.ts';
import {bearer, field, poll, startEmulator} from './emulators.ts';

async function answerTo(step: OperationStep): Promise<{response: Response; body: unknown}> {
  const emulator = await startEmulator();
  return poll(emulator.addOperation({script: [step]}).location);
}

async function textOf(step: OperationStep): Promise<{response: Response; text: string}> {
  const emulator = await startEmulator();
  const response = await fetch(emulator.addOperation({script: [step]}).location, {headers: bearer});
  return {response, text: await response.text()};
}

describe('a step is answered with', () => {
  test('the fields of the operation', async () => {
    const error = {code: 'x', message: 'y'};
    const step = {status: 'failed', detail: 'Why', percentageComplete: 40.5, resourceLocation: '/users/1', error};
    const {body} = await answerTo({...step, fields: {resourceId: '01', id: 'another'}});
    expect(body).toMatchObject({
      id: 'another',
      status: 'failed',
      statusDetail: 'Why',
      percentageComplete: 40.5,
      resourceLocation: '/users/1',
      error,
      resourceId: '01',
    });
  });

  test('fields with unexpected values', async () => {
    expect((await answerTo({fields: {status: null}})).body).toMatchObject({status: null});
    expect((await answerTo({fields: {status: 5}, percentageComplete: '40'})).body).toMatchObject({
      status: 5,
      percentageComplete: '40',
    });
  });

  test.each([[{}], [[]], [null], ['x'], [5], [false], [{error: {code: 'oops'}}]])('any JSON body: %j', async (body) => {
    const answer = await answerTo({body});
    expect([answer.response.status, answer.body]).toEqual([200, body]);
  });

  test.each([
    ['{"status":', 'application/json'],
    ['<html>busy</html>', 'text/html'],
  ])('raw text: %s', async (raw, type) => {
    const {response, text} = await textOf({text: raw, http: 502});
    expect([response.status, text]).toEqual([502, raw]);
    expect(response.headers.get('content-type')).toContain(type);
  });

  test('an empty body, and no body where HTTP allows none', async () => {
    const {response, text} = await textOf({text: '', http: 500});
    expect([response.status, text, response.headers.get('content-type')]).toEqual([500, '', null]);
    expect((await textOf({http: 204})).text).toBe('');
    expect((await textOf({http: 204, text: 'x'})).text).toBe('');
  });

  test.each([
    [403, 'Authorization_RequestDenied'],
    [404, 'itemNotFound'],
    [429, 'TooManyRequests'],
    [500, 'generalException'],
    [503, 'serviceNotAvailable'],
    [509, 'bandwidthLimitExceeded'],
    [418, 'UnknownError'],
  ])('%i with the Graph error %s', async (http, code) => {
    const {response, body} = await answerTo({http});
    expect(response.status).toBe(http);
    expect(body).toEqual({
      error: {
        code,
        message: expect.any(String),
        innerError: {
          date: expect.any(String),
          'request-id': response.headers.get('request-id'),
          'client-request-id': response.headers.get('client-request-id'),
        },
      },
    });
  });

  test('a Graph error with a custom code, or any other error value', async () => {
    const {body} = await answerTo({http: 403, error: {code: 'accessDenied'}, fields: {more: 1}});
    expect(body).toMatchObject({error: {code: 'accessDenied', message: expect.any(String)}, more: 1});
    expect((await answerTo({http: 400, error: 'invalid_request'})).body).toEqual({error: 'invalid_request'});
  });

  test.each([['soon'], ['-1'], ['1.5'], ['Wed, 21 Oct 2015 07:28:00 GMT'], ['9'.repeat(400)], [3], [2.128]])(
    'Retry-After: %s',
    async (retryAfter) => {
      const {response} = await answerTo({status: 'running', retryAfter});
      expect(response.headers.get('retry-after')).toBe(String(retryAfter));
    },
  );

  test('headers, which override the defaults', async () => {
    const headers = {Date: 'Wed, 21 Oct 2015 07:28:00 GMT', 'Operation-Location': '/a', 'X-Twice': ['1', '2']};
    const {response} = await answerTo({location: 'https://example.com/b?c=d', headers});
    expect(Object.fromEntries(response.headers)).toMatchObject({
      date: 'Wed, 21 Oct 2015 07:28:00 GMT',
      'operation-location': '/a',
      location: 'https://example.com/b?c=d',
      'x-twice': '1, 2',
    });
  });

  test('a redirect, 302 by default', async () => {
    const {response, body} = await answerTo({redirect: 'https://elsewhere.example/x'});
    expect([response.status, response.headers.get('location'), body]).toEqual([
      302,
      'https://elsewhere.example/x',
      undefined,
    ]);
    expect((await answerTo({redirect: '/x', http: 307})).response.status).toBe(307);
    const done = await answerTo({http: 303, location: '/item', status: 'completed'});
    expect([done.response.status, field(done.body, 'status')]).toEqual([303, 'completed']);
  });

  test.each([['{"access_token":{"nbf":{"value":1}}}'], [{access_token: {nbf: {value: 1}}}]])(
    'a claims challenge: %j',
    async (claims) => {
      const {response, body} = await answerTo({claims});
      expect([response.status, field(body, 'error', 'code')]).toEqual([401, 'InvalidAuthenticationToken']);
      const challenge = response.headers.get('www-authenticate') ?? '';
      expect(challenge).toMatch(/^Bearer realm="", .*error="insufficient_claims", claims="[\w+/]+=*"$/);
      const encoded = /claims="([^"]+)"/.exec(challenge)?.[1] ?? '';
      expect(Buffer.from(encoded, 'base64').toString()).toBe('{"access_token":{"nbf":{"value":1}}}');
    },
  );
});
