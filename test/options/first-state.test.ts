import {describe, expect, test} from '@jest/globals';
import {firstState} from '../../src/options/first-state.ts';
import {readOptions} from '../../src/options/settings.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import {beginning, location, tasks, thrownBy} from '../support/core.ts';

const secret = 'eyJ0eXAiOiJKV1QiLCJub25jZSI6Im1hcmtlciJ9';

describe('a location (row 40)', () => {
  const bearer = readOptions({token: secret});
  const asked = readOptions({token: () => secret});
  const without = readOptions();
  const capability = readOptions({token: secret, protocol: defineProtocol({...tasks, authorization: 'none'})});

  test.each([
    [
      'https, byte for byte',
      "https://graph.microsoft.com/beta/users('a')/operations('b')?aadgdc=BY01P&x=%7e%7E",
      bearer,
    ],
    ['https in capitals', 'HTTPS://Graph.Microsoft.com/Beta', bearer],
    ['http on localhost', 'http://localhost:3000/operations/b', bearer],
    ['http on 127.0.0.1', 'http://127.0.0.1:8080/operations/b', asked],
    ['http elsewhere on the loopback network', 'http://127.1.2.3/operations/b', bearer],
    ['http on ::1', 'http://[::1]:8080/operations/b', asked],
    ['http on a public host without a token', 'http://graph.example/operations/b', without],
    ['http on a public host where no token goes', 'http://graph.example/operations/b', capability],
  ])('%s is taken as it stands', (_, text, settings) => {
    expect(firstState(text, settings, beginning).location).toBe(text);
  });

  test('that a gateway has repeated is taken once', () => {
    for (const text of ['https://graph.example', 'https://graph.example/operations/b?x=1, 2'])
      expect(firstState(`${text}, ${text}`, bearer, beginning).location).toBe(text);
  });

  test('as a URL object is taken', () => {
    expect(firstState(new URL(location), bearer, beginning).location).toBe(new URL(location).href);
  });

  const absolute = 'location: expected an absolute http or https URL without user name and password, got';
  const isSecureOrLoopback = 'location: expected https, or http on this machine, because a token goes there; got';
  test.each([
    [
      'http on a public host with a token',
      'http://graph.example/x?sig=S',
      bearer,
      `${isSecureOrLoopback} http://graph.example`,
    ],
    [
      'http on a public host with a token function',
      'http://graph.example/',
      asked,
      `${isSecureOrLoopback} http://graph.example`,
    ],
    [
      'http on a host that only begins like loopback',
      'http://127.0.0.1.example/',
      bearer,
      `${isSecureOrLoopback} http://127.0.0.1.example`,
    ],
    [
      'http on a host that only ends like localhost',
      'http://notlocalhost/',
      bearer,
      `${isSecureOrLoopback} http://notlocalhost`,
    ],
    ['http on a private network', 'http://10.0.0.1/', bearer, `${isSecureOrLoopback} http://10.0.0.1`],
    ['file:', 'file:///etc/passwd', without, `${absolute} one that begins with file:`],
    ['ftp:', 'ftp://graph.example/x', without, `${absolute} one that begins with ftp:`],
    ['javascript:', 'javascript:alert(1)', without, `${absolute} one that begins with javascript:`],
    ['data:', 'data:application/json,{"status":"succeeded"}', without, `${absolute} one that begins with data:`],
    ['blob:', 'blob:https://graph.example/x', without, `${absolute} one that begins with blob:`],
    ['user:password@', 'https://admin:hunter2@graph.example/', without, `${absolute} one that begins with https:`],
    ['user@', 'https://admin@graph.example/', without, `${absolute} one that begins with https:`],
    ['https without a host', 'https://', without, `${absolute} one that begins with https:`],
    ['relative to a root', "/teams('a')/operations('b')", bearer, `${absolute} a string without a scheme`],
    ['relative to a host', '//graph.example/x', bearer, `${absolute} a string without a scheme`],
    ['a word', 'operation', without, `${absolute} a string without a scheme`],
    ['empty', '', without, `${absolute} an empty string`],
    ['a URL object of another scheme', new URL('file:///x'), without, `${absolute} one that begins with file:`],
    ['undefined', undefined, without, 'location: expected an absolute http or https URL, got undefined'],
    ['null', null, without, 'location: expected an absolute http or https URL, got null'],
    ['a number', 5, without, 'location: expected an absolute http or https URL, got 5'],
    [
      'a Request',
      new Request('https://a.example'),
      without,
      'location: expected an absolute http or https URL, got an object',
    ],
  ])('%s is refused', (_, text, settings, message) => {
    expect(thrownBy(() => Reflect.apply(firstState, undefined, [text, settings, beginning]))).toEqual(
      new TypeError(message),
    );
  });
});

describe('watching begins', () => {
  test('with what is to be known before the first poll', () => {
    const settings = readOptions({protocol: tasks, initialDelay: 5000, totalTimeout: 60_000});
    expect(firstState(location, settings, beginning)).toEqual({
      location,
      redactedLocation: location,
      tokenOrigin: 'https://graph.example',
      protocol: 'tasks',
      startedAt: beginning,
      dueAt: beginning + 5000,
      deadlineAt: beginning + 60_000,
      attempt: 0,
      failures: 0,
      deferredAttempts: 0,
      missingSince: undefined,
      operation: undefined,
      highestStatus: undefined,
      unknownWords: [],
      observed: {},
      changedAt: beginning,
      stalled: false,
      endedAt: undefined,
      answer: undefined,
      abandoned: undefined,
    });
  });

  test('without a deadline when there is no totalTimeout', () => {
    expect(firstState(location, readOptions({totalTimeout: false}), beginning).deadlineAt).toBeUndefined();
  });

  test('with a location that is a capability: it has no token origin, and its query is not shown', () => {
    const settings = readOptions({protocol: defineProtocol({...tasks, authorization: 'none'})});
    const {tokenOrigin, redactedLocation} = firstState(
      'https://drive.example/monitor/5?sig=SECRET#x',
      settings,
      beginning,
    );
    expect([tokenOrigin, redactedLocation]).toEqual(['', 'https://drive.example/monitor/5']);
  });
});
