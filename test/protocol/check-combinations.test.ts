import {describe, expect, test} from '@jest/globals';
import type {Protocol, ProtocolFields} from '../../src/protocol/protocol.ts';
import * as protocols from '../../src/protocol/protocols.ts';

const base = {
  name: 'tasks',
  status: '/status',
  words: {busy: 'running', done: 'succeeded'},
} as const satisfies ProtocolFields;
const define = (fields: object): Protocol => protocols.define({...base, ...fields});

describe('codes of errors', () => {
  test.each<[Partial<ProtocolFields>, string]>([
    [{errorCodes: {1: 'canceled'}}, 'errorCodes.1 needs, got undefined'],
    [{errorCodes: {1: 'canceled'}, errorMeansFailed: false}, 'errorCodes.1 needs, got false'],
    [{errorCodes: {0: 'succeeded'}}, 'errorCodes.0 needs, got undefined'],
    [{errorCodes: {0: 'succeeded', 1: 'canceled'}, withoutStatus: 'running'}, 'errorCodes.1 needs, got undefined'],
  ])('are refused where no error makes an operation fail: %j', (fields, why) => {
    const message = `protocol.errorMeansFailed: expected true, which ${why}`;
    expect(() => define(fields)).toThrow(new TypeError(message));
  });

  test.each<Partial<ProtocolFields>>([
    {errorCodes: {}},
    {errorCodes: {0: 'succeeded', 1: 'canceled'}, errorMeansFailed: true},
    // An operation without a status is one, although it has an error with the code 0.
    {errorCodes: {0: 'succeeded'}, withoutStatus: 'running'},
    {errorCodes: {0: 'succeeded'}, httpStatuses: {202: 'running'}},
  ])('are accepted where they make a difference: %j', (fields) => {
    expect(define(fields)).toMatchObject(fields);
  });

  test('mean the same in any case', () => {
    const errorCodes = {Stopped: 'canceled', STOPPED: 'failed'} as const;
    const message =
      'errorCodes.STOPPED: expected the status that the same code has in another case, canceled, got "failed"';
    expect(() => define({errorMeansFailed: true, errorCodes})).toThrow(new TypeError(`protocol.${message}`));
    const same = {errorMeansFailed: true, errorCodes: {Stopped: 'canceled', STOPPED: 'canceled'}};
    expect(define(same)).toMatchObject(same);
  });
});

describe('headers', () => {
  const noToken = 'expected no token here, which is the option token, got one';
  test.each<[Partial<ProtocolFields>, string]>([
    [{authorization: {header: 'X-Api-Key'}, pollHeaders: {'x-api-key': 'secret'}}, `pollHeaders.x-api-key: ${noToken}`],
    [{authorization: {header: 'cookie'}, pollHeaders: {Cookie: 'secret'}}, `pollHeaders.Cookie: ${noToken}`],
    [
      {authorization: {header: 'X-Api-Key'}, requestHeaders: {a: '', 'X-API-KEY': 'secret'}},
      `requestHeaders.X-API-KEY: ${noToken}`,
    ],
    [
      {authorization: {header: 'X-Api-Key'}, pollHeaders: {authorization: 'secret'}},
      `pollHeaders.authorization: ${noToken}`,
    ],
    [{authorization: 'none', pollHeaders: {authorization: 'secret'}}, `pollHeaders.authorization: ${noToken}`],
    [
      {pollHeaders: {'X-Version': '2', 'x-version': '1'}},
      'pollHeaders.x-version: expected each header once, got it in another case too',
    ],
    [
      {requestHeaders: {prefer: 'a', Prefer: 'b'}},
      'requestHeaders.Prefer: expected each header once, got it in another case too',
    ],
    [
      {authorization: {header: 'Accept'}},
      'authorization.header: expected a header that has no other meaning, got "Accept"',
    ],
    [
      {authorization: {header: 'content-type'}},
      'authorization.header: expected a header that has no other meaning, got "content-type"',
    ],
  ])('are refused where one has two values, which are not shown: %j', (fields, message) => {
    expect(() => define(fields)).toThrow(new TypeError(`protocol.${message}`));
    expect(() => define({resource: {...base, ...fields}})).toThrow(new TypeError(`protocol.resource.${message}`));
  });

  test('may be the same to start and to poll, beside a key in another one', () => {
    const fields = {
      authorization: {header: 'X-Api-Key'},
      requestHeaders: {'x-version': '1', prefer: 'respond-async'},
      pollHeaders: {'x-version': '2', cookie: 'theme=dark'},
    };
    expect(define(fields)).toMatchObject(fields);
  });
});
