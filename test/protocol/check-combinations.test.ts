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
