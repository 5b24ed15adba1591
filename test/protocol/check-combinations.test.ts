import {describe, expect, test} from '@jest/globals';
import * as catalog from 'operation-poller/catalog';
import type {Protocol, ProtocolFields} from '../../src/protocol/protocol.ts';
import {protocolReader} from '../../src/protocol/protocol-reader.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import type {StatusOnResource} from '../../src/protocol/status-on-resource.ts';

const base = {
  name: 'tasks',
  status: '/status',
  words: {busy: 'running', done: 'succeeded'},
} as const satisfies ProtocolFields;
const define = (fields: object): Protocol => protocols.define({...base, ...fields});

const {longRunning, graph, azure, google} = protocols;
const library = [longRunning, ...[{...graph}, azure, google, catalog].flatMap((family) => Object.values(family))];

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
    // A function that reads takes the place of both.
    {errorCodes: {1: 'canceled'}, read: () => undefined},
  ])('are accepted where they make a difference, or where none would: %j', (fields) => {
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
      {authorization: {header: 'Accept'}},
      'authorization.header: expected a header that has no other meaning, got "Accept"',
    ],
    [
      {authorization: {header: 'content-type'}},
      'authorization.header: expected a header that has no other meaning, got "content-type"',
    ],
  ])("are refused where one is the token's as well, whose value is not shown: %j", (fields, message) => {
    expect(() => define(fields)).toThrow(new TypeError(`protocol.${message}`));
    expect(() => define({resource: {...base, ...fields}})).toThrow(new TypeError(`protocol.resource.${message}`));
  });

  test('of a spread are replaced in any case', () => {
    const pollHeaders = {...longRunning.pollHeaders, Prefer: 'mine'};
    expect(protocolReader(define({pollHeaders})).pollHeaders).toEqual({prefer: 'mine'});
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

describe('fields', () => {
  test.each<[Partial<ProtocolFields>, string]>([
    [{statusIfKnown: '/status'}, 'statusIfKnown: expected places that are not in status, got "/status"'],
    [
      {status: ['/a', '/b'], statusIfKnown: ['/c', '/b']},
      'statusIfKnown: expected places that are not in status, got "/b"',
    ],
    [
      {seeOtherSucceeds: true, httpStatuses: {303: 'running'}},
      'httpStatuses.303: expected succeeded, because of seeOtherSucceeds, got "running"',
    ],
    [
      {notFoundSucceeds: true, httpStatuses: {404: 'failed'}},
      'httpStatuses.404: expected succeeded, because of notFoundSucceeds, got "failed"',
    ],
    [
      {notFoundSucceeds: true, httpStatuses: {404: 'succeeded', 410: 'canceled'}},
      'httpStatuses.410: expected succeeded, because of notFoundSucceeds, got "canceled"',
    ],
    [
      {start: 'resource', createdMeansDone: true},
      "createdMeansDone: expected false where start is 'resource', got true",
    ],
    [
      {retryAfter: {header: 'Retry-After', unit: 'ms'}},
      `retryAfter.unit: expected 's', in which Retry-After is read, got "ms"`,
    ],
    [
      {retryAfter: {header: 'x-ms-retry-after-ms', unit: 's'}},
      `retryAfter.unit: expected 'ms', in which x-ms-retry-after-ms is read, got "s"`,
    ],
    [
      {cancel: {method: 'PUT', template: 'jobs:{/id}'}},
      `cancel.template: expected a URL such as '/status/{/id}', got "jobs:{/id}"`,
    ],
    [
      {start: {template: 'ftp://a.example/{/id}'}},
      "start: expected 'headers', 'resource', 'original', '/name' or {template: '/status/{/id}'}, got an object",
    ],
    [
      {resultLocation: [{template: 'data:{/result}'}]},
      "resultLocation: expected 'resourceLocation', 'location', 'original', {suffix}, {template} or a list, got a list",
    ],
  ])('that contradict each other are refused: %j', (fields, message) => {
    expect(() => define(fields)).toThrow(new TypeError(`protocol.${message}`));
  });

  test.each<Partial<ProtocolFields>>([
    {status: ['/a', '/b'], statusIfKnown: '/status'},
    {
      seeOtherSucceeds: true,
      notFoundSucceeds: true,
      httpStatuses: {303: 'succeeded', 404: 'succeeded', 410: 'succeeded'},
    },
    {seeOtherSucceeds: false, notFoundSucceeds: false, httpStatuses: {303: 'running', 404: 'failed', 410: 'failed'}},
    {start: '/name', createdMeansDone: true, bodyMeansDone: true},
    {retryAfter: {header: 'Retry-After', at: '/wait', unit: 's'}},
    {retryAfter: {header: 'retry-after-ms', unit: 'ms'}},
    {retryAfter: {header: 'x-wait', unit: 'ms'}},
    // A service with one job at a time has one place for it.
    {start: {template: '/status'}, cancel: {method: 'DELETE', template: '/status', body: {why: 'late'}}},
    {start: {template: '{/url}'}, cancel: {method: 'POST', template: './a:b{/id}'}},
    {resultLocation: [{template: 'HTTPS://files.example/{/id}'}, {template: '//files.example/{/id}'}]},
  ])('that do not are accepted: %j', (fields) => {
    expect(define(fields)).toMatchObject(fields);
  });

  test.each(library)(
    'of $name that have no effect beside another are accepted: a spread may bring them along',
    (protocol) => {
      const read = (): undefined => undefined;
      for (const fields of [
        {read},
        {start: 'original'},
        {locationHeaders: []},
        {result: ''},
        {notFoundSucceeds: true, read},
      ])
        expect(protocols.define({...protocol, ...fields} as Protocol)).toMatchObject({name: protocol.name, ...fields});
    },
  );
});

describe('the deletion of a resource', () => {
  const given = (fields: object): Protocol => protocols.statusOnResource({...base, ...fields} as StatusOnResource);

  test('is refused by its own name', () => {
    const takes = 'protocol.deletion: expected true or false, got "yes"';
    expect(() => given({deletion: 'yes'})).toThrow(new TypeError(takes));
    const beside = 'protocol.deletion: expected true beside notFoundSucceeds, got false';
    expect(() => given({notFoundSucceeds: true})).toThrow(new TypeError(beside));
  });

  test('is made by a spread of another one, or of a resource', () => {
    for (const deletion of [true, false]) {
      const again = given({...given({deletion}), name: 'again', deletion: true});
      expect(again).toMatchObject({name: 'again', notFoundSucceeds: true});
    }
  });
});
