import {describe, expect, test} from '@jest/globals';
import type {GraphEmulatorOptions} from '../../src/testing/index.ts';
import {startGraphEmulator} from '../../src/testing/index.ts';
import {bearer, field, resetPassword, startEmulator} from './emulators.ts';

const none: Record<string, string> = {};

describe('a bearer token', () => {
  test.each([
    ['none', none],
    ['an empty one', {authorization: 'Bearer '}],
    ['another scheme', {authorization: 'Basic dTpw'}],
    ['another token', {authorization: 'Bearer wrong-token'}],
  ])('is required: 401 for %s', async (_, headers) => {
    const emulator = await startEmulator({token: 'test-token'});
    const operation = emulator.addOperation();
    const response = await fetch(operation.location, {headers});
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /);
    const body: unknown = await response.json();
    expect(field(body, 'error', 'code')).toBe('InvalidAuthenticationToken');
    expect(JSON.stringify(body)).not.toContain('wrong-token');
    expect([operation.polls, operation.requests.length]).toEqual([0, 1]);
  });

  test('can be any token by default or one of several, with the scheme in any case', async () => {
    const any = (await startEmulator()).addOperation();
    expect((await fetch(any.location, {headers: {authorization: 'bearer whatever'}})).status).toBe(200);
    const several = (await startEmulator({token: ['one', 'two']})).addOperation();
    expect((await fetch(several.location, {headers: {authorization: 'Bearer two'}})).status).toBe(200);
    expect((await fetch(several.location, {headers: {authorization: 'Bearer three'}})).status).toBe(401);
  });

  test('is required to start an operation', async () => {
    const emulator = await startEmulator({token: 'another'});
    expect((await resetPassword(emulator)).status).toBe(401);
    expect(emulator.operations).toHaveLength(0);
  });

  test('is refused by an operation that accepts none', async () => {
    const operation = (await startEmulator()).addOperation({bearer: false});
    expect((await fetch(operation.location, {headers: bearer})).status).toBe(401);
    expect((await fetch(operation.location)).status).toBe(200);
  });
});

describe('the options are checked at the call', () => {
  const cases: ReadonlyArray<readonly [object, string]> = [
    [{port: 70_000}, 'options.port: expected a whole number from 0 to 65535, got 70000'],
    [{token: ''}, "options.token: expected a token that is not empty, got ''"],
    [{token: ['a', 5]}, 'options.token[1]: expected a string, got 5'],
    [{token: 5}, 'options.token: expected a string or a list of strings, got 5'],
    [{script: 'running'}, "options.script: expected a list of steps, got 'running'"],
    [{script: [{http: 1}]}, 'options.script[0].http: expected a whole number from 200 to 599, got 1'],
    [{location: 'absolut'}, "options.location: expected one of 'absolute', 'relative', 'none', got 'absolut'"],
    [{maximumRequests: 0}, 'options.maximumRequests: expected a whole number from 1 to Infinity, got 0'],
    [{record: 0}, 'options.record: expected true or false, got 0'],
    [[], 'options: expected an object, got []'],
    [{tokens: 'x'}, "options: unknown field 'tokens'; known are port, tls, token,"],
  ];
  test.each(cases.map(([options, message]) => [message, options] as const))('%s', async (message, options) => {
    const given: GraphEmulatorOptions = options;
    await expect(startGraphEmulator(given)).rejects.toThrow(message);
  });
});
