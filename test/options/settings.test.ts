import {runInNewContext} from 'node:vm';
import {describe, expect, test} from '@jest/globals';
import {firstState} from '../../src/options/first-state.ts';
import type {PollOptions} from '../../src/options/poll-options.ts';
import {readOptions} from '../../src/options/settings.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import {longRunning} from '../../src/protocol/long-running.ts';
import {defaultSchedule} from '../../src/schedule/schedule.ts';
import {tasks, thrownBy} from '../support/core.ts';

const secret = 'eyJ0eXAiOiJKV1QiLCJub25jZSI6Im1hcmtlciJ9';
const readAny = (options: unknown): unknown => readOptions(options as PollOptions);

const names: readonly (keyof PollOptions)[] = [
  'protocol',
  'http',
  'token',
  'schedule',
  'retry',
  'totalTimeout',
  'requestTimeout',
  'maxResponseSize',
  'initialDelay',
  'maxRetryAfter',
  'signal',
  'unknownStatus',
  'notFoundGrace',
  'consecutiveFailures',
  'stalledAfter',
  'trustedOrigins',
  'fetchResult',
  'started',
  'finalStateVia',
];

const defaults = {
  transport: expect.any(Function),
  token: undefined,
  schedule: defaultSchedule,
  retry: {retries: 3, minTimeout: 500, maxTimeout: 5000, factor: 2, randomize: true},
  totalTimeout: 900_000,
  requestTimeout: 10_000,
  maxResponseSize: 1_048_576,
  initialDelay: 0,
  signal: undefined,
  unknownStatus: 'keepPolling',
  notFoundGrace: 30_000,
  consecutiveFailures: 5,
  stalledAfter: 300_000,
  trustedOrigins: new Set(),
  fetchResult: false,
  secrets: [],
  credentials: [],
};

describe('options that are left out', () => {
  const named = Object.fromEntries(names.map((name) => [name, undefined]));
  test.each([
    ['no options', undefined],
    ['none given', {}],
    ['all undefined, which means absent', named],
  ])('%s: the documented defaults', (_, options) => {
    const {reader, ...settings} = readOptions(options);
    expect(settings).toEqual(defaults);
    expect(reader.protocol).toBe(longRunning);
  });

  test('the default schedule is exponential with full jitter, never under 100 ms', () => {
    const context = {status: 'running', operation: undefined, elapsed: 0, failures: 0} as const;
    const waits = [1, 2, 100].map((attempt) => defaultSchedule({...context, attempt, random: 0.5}));
    expect(waits).toEqual([550, 800, 15_050]);
    expect(defaultSchedule({...context, attempt: 1, random: 0})).toBe(100);
  });

  test('the default of totalTimeout is the protocol’s', () => {
    const slow = defineProtocol({...tasks, totalTimeout: 3_600_000});
    expect(readOptions({protocol: slow}).totalTimeout).toBe(3_600_000);
    expect(readOptions({protocol: slow, totalTimeout: 5}).totalTimeout).toBe(5);
    expect(readOptions({protocol: slow, totalTimeout: false}).totalTimeout).toBe(false);
  });

  test.each([
    ['retries', {retries: 0}, {...defaults.retry, retries: 0}],
    ['minTimeout', {minTimeout: 100}, {...defaults.retry, minTimeout: 100}],
    [
      'minTimeout beyond the default maxTimeout',
      {minTimeout: 9000},
      {...defaults.retry, minTimeout: 9000, maxTimeout: 9000},
    ],
    [
      'all',
      {retries: 1, minTimeout: 0, maxTimeout: 1, factor: 3, randomize: false},
      {retries: 1, minTimeout: 0, maxTimeout: 1, factor: 3, randomize: false},
    ],
    ['undefined, which means absent', {retries: undefined, minTimeout: undefined, factor: undefined}, defaults.retry],
  ])('retry keeps its other defaults when it has %s', (_, retry, expected) => {
    expect(readOptions({retry} as PollOptions).retry).toEqual(expected);
  });
});

describe('options that are taken', () => {
  const token = (): string => secret;
  const {signal} = new AbortController();
  test.each<[keyof PollOptions, unknown]>([
    ['token', secret],
    ['token', token],
    ['schedule', () => 5],
    ['totalTimeout', 1],
    ['totalTimeout', false],
    ['requestTimeout', 1],
    ['maxResponseSize', 1],
    ['initialDelay', 0],
    ['signal', signal],
    ['unknownStatus', 'fail'],
    ['notFoundGrace', 0],
    ['consecutiveFailures', 1],
    ['consecutiveFailures', Infinity],
    ['stalledAfter', 1],
    ['stalledAfter', false],
  ])('%s: %p', (name, value) => {
    expect(readOptions({[name]: value})).toHaveProperty(name, value);
  });

  test('trustedOrigins, as origins whatever their form', () => {
    const trustedOrigins = ['https://graph.microsoft.us', 'HTTPS://Other.Example:443/', 'http://localhost:3000'];
    expect([...readOptions({trustedOrigins}).trustedOrigins]).toEqual([
      'https://graph.microsoft.us',
      'https://other.example',
      'http://localhost:3000',
    ]);
  });
});

describe('an option with a wrong value is refused with its name, what it got and what it takes', () => {
  const isMilliseconds = (name: string, or = ''): [string, unknown, ErrorConstructor, string][] => [
    [name, '5s', TypeError, `expected milliseconds${or}, got "5s"`],
    [name, null, TypeError, `expected milliseconds${or}, got null`],
    [name, true, TypeError, `expected milliseconds${or}, got true`],
    [name, {seconds: 5}, TypeError, `expected milliseconds${or}, got an object`],
    [name, [5], TypeError, `expected milliseconds${or}, got a list`],
  ];
  const inRange = (name: string, least: number, or = ''): [string, unknown, ErrorConstructor, string][] =>
    [least - 1, -5, Number.NaN, Infinity, -Infinity, 8e15 + 1].map((value) => [
      name,
      value,
      RangeError,
      `expected milliseconds${or}, ${value > 8e15 ? 'up to 8000000000000000' : `from ${least} on`}, got ${value}`,
    ]);
  const longText = 'x'.repeat(200);
  const origins = "expected origins such as 'https://graph.microsoft.us', got";
  const visible = 'expected visible ASCII characters without spaces, or a function, got';

  const protocolExpected = 'expected a protocol such as protocols.longRunning or what protocols.define returns';
  test.each<[string, unknown, ErrorConstructor, string]>([
    ['protocol', null, TypeError, `${protocolExpected}, got null`],
    ['protocol', 'longRunning', TypeError, `${protocolExpected}, got "longRunning"`],
    ['http', null, TypeError, 'expected a ky instance, got null'],
    ['http', 'https://graph.microsoft.com', TypeError, 'expected a ky instance, got "https://graph.microsoft.com"'],
    ['http', {retry: 0}, TypeError, 'expected a ky instance, got an object'],
    ['http', longText, TypeError, `expected a ky instance, got "${'x'.repeat(60)}"`],
    ['token', null, TypeError, `${visible} null`],
    ['token', 5, TypeError, `${visible} a number`],
    ['token', '', TypeError, `${visible} an empty string`],
    ['token', `Bearer ${secret}`, TypeError, `${visible} a token that begins with the word Bearer`],
    ['token', `${secret}\n`, TypeError, `${visible} a string of 41 characters, some of which are not allowed`],
    [
      'token',
      `${secret}\r\nx-admin: 1`,
      TypeError,
      `${visible} a string of 52 characters, some of which are not allowed`,
    ],
    ['token', 'tökén', TypeError, `${visible} a string of 5 characters, some of which are not allowed`],
    ['schedule', 1000, TypeError, 'expected a function such as schedules.fixed(1000), got 1000'],
    ['schedule', [1000], TypeError, 'expected a function such as schedules.fixed(1000), got a list'],
    ['retry', 3, TypeError, "expected p-retry's options, got 3"],
    ['retry', null, TypeError, "expected p-retry's options, got null"],
    ...isMilliseconds('totalTimeout', ' or false').filter(([, value]) => value !== false),
    ...inRange('totalTimeout', 1, ' or false'),
    ...isMilliseconds('requestTimeout'),
    ['requestTimeout', false, TypeError, 'expected milliseconds, got false'],
    ...inRange('requestTimeout', 1),
    ['maxResponseSize', 0, RangeError, 'expected whole bytes, from 1 on, got 0'],
    ['maxResponseSize', 1.5, RangeError, 'expected whole bytes, from 1 on, got 1.5'],
    ['maxResponseSize', '1 MiB', TypeError, 'expected whole bytes, got "1 MiB"'],
    ...isMilliseconds('initialDelay'),
    ['initialDelay', new Date(0), TypeError, 'expected milliseconds, got an object'],
    ...inRange('initialDelay', 0),
    ['signal', null, TypeError, 'expected an AbortSignal, got null'],
    ['signal', {aborted: false}, TypeError, 'expected an AbortSignal, got an object'],
    ['signal', new AbortController(), TypeError, 'expected an AbortSignal, got an object'],
    ['unknownStatus', true, TypeError, "expected 'keepPolling' or 'fail', got true"],
    ['unknownStatus', 'Fail', TypeError, `expected 'keepPolling' or 'fail', got "Fail"`],
    ...isMilliseconds('notFoundGrace'),
    ...inRange('notFoundGrace', 0),
    ['consecutiveFailures', '5', TypeError, 'expected a whole number, got "5"'],
    ['consecutiveFailures', null, TypeError, 'expected a whole number, got null'],
    ['consecutiveFailures', 0, RangeError, 'expected a whole number from 1 on, got 0'],
    ['consecutiveFailures', 2.5, RangeError, 'expected a whole number from 1 on, got 2.5'],
    ['consecutiveFailures', -1, RangeError, 'expected a whole number from 1 on, got -1'],
    ['consecutiveFailures', Number.NaN, RangeError, 'expected a whole number from 1 on, got NaN'],
    ...isMilliseconds('stalledAfter', ' or false'),
    ...inRange('stalledAfter', 1, ' or false'),
    [
      'trustedOrigins',
      'https://graph.microsoft.us',
      TypeError,
      'expected a list of origins, got "https://graph.microsoft.us"',
    ],
    ['trustedOrigins', ['graph.microsoft.us'], TypeError, `${origins} "graph.microsoft.us"`],
    ['trustedOrigins', ['https://a.example', 5], TypeError, `${origins} 5`],
    ['trustedOrigins', ['https://a.example/v1.0'], TypeError, `${origins} "https://a.example/v1.0"`],
    ['trustedOrigins', ['https://a.example/?q'], TypeError, `${origins} "https://a.example/?q"`],
    ['trustedOrigins', ['file:///'], TypeError, `${origins} "file:///"`],
  ])('%s: %p', (name, value, type, message) => {
    const error = thrownBy(() => readAny({[name]: value}));
    expect(error).toBeInstanceOf(type);
    expect(error).toHaveProperty('message', `${name}: ${message}`);
  });

  test.each<[string, unknown, ErrorConstructor, string]>([
    ['retries', '3', TypeError, 'expected a whole number, got "3"'],
    ['retries', -1, RangeError, 'expected a whole number from 0 on, got -1'],
    ['retries', 1.5, RangeError, 'expected a whole number from 0 on, got 1.5'],
    ['retries', Number.NaN, RangeError, 'expected a whole number from 0 on, got NaN'],
    ['minTimeout', '1s', TypeError, 'expected a number, got "1s"'],
    ['minTimeout', -1, RangeError, 'expected a number from 0 on, got -1'],
    ['maxTimeout', true, TypeError, 'expected a number, got true'],
    ['maxTimeout', Number.NaN, RangeError, 'expected a number from 0 on, got NaN'],
    ['factor', [], TypeError, 'expected a number, got a list'],
    ['factor', -2, RangeError, 'expected a number from 0 on, got -2'],
  ])('retry.%s: %p', (name, value, type, message) => {
    const error = thrownBy(() => readAny({retry: {[name]: value}}));
    expect(error).toBeInstanceOf(type);
    expect(error).toHaveProperty('message', `retry.${name}: ${message}`);
  });

  // p-retry would refuse these at the first poll, when it is too late for the caller.
  test.each<[string, unknown]>([
    ['an infinite minTimeout', {minTimeout: Infinity}],
    ['an infinite factor', {factor: Infinity}],
    ['a negative maxRetryTime', {maxRetryTime: -1}],
    ['a maxRetryTime that is a string', {maxRetryTime: '1s'}],
    ['a shouldRetry that is no function', {shouldRetry: true}],
    ['a randomize that is a string', {randomize: 'yes'}],
  ])('retry with %s', (_, retry) => {
    const error = thrownBy(() => readAny({retry}));
    expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
    expect(error).toHaveProperty('message', expect.stringMatching(/^retry\.\w+: expected .+, got .+/));
  });

  test.each([
    ['timeout', {timeout: 5}, '. Did you mean totalTimeout or requestTimeout?'],
    ['Token', {Token: secret}, '. Did you mean token?'],
    ['requestTimout', {requestTimout: 5}, '. Did you mean requestTimeout?'],
    ['accessToken', {token: secret, accessToken: secret}, ''],
  ])('there is no option %s', (name, options, hint) => {
    const message = `${name}: there is no such option; there are ${names.join(', ')}${hint}`;
    expect(thrownBy(() => readAny(options))).toEqual(new TypeError(message));
  });

  // Their entries are no properties, so they would be taken for no options at all.
  class Given {
    retries = 5;
  }
  test.each<[string, object]>([
    ['Map', new Map([['retries', 5]])],
    ['Headers', new Headers({'x-key': 'secret'})],
    ['Date', new Date(0)],
    ['URLSearchParams', new URLSearchParams('retries=5')],
    ['Given', new Given()],
  ])('an object of the class %s', (name, given) => {
    const got = `got an object of the class ${name}`;
    expect(thrownBy(() => readAny(given))).toEqual(new TypeError(`options: expected an object, ${got}`));
    expect(thrownBy(() => readAny({retry: given}))).toEqual(new TypeError(`retry: expected p-retry's options, ${got}`));
    expect(String(thrownBy(() => readAny({started: given})))).toContain(
      `started: expected {method, url, location}, got`,
    );
    for (const field of ['pollHeaders', 'requestHeaders', 'words', 'errorCodes', 'cancel']) {
      const protocol = {...longRunning, name: 'odd', [field]: given};
      expect(String(thrownBy(() => defineProtocol(protocol)))).toMatch(
        new RegExp(`TypeError: protocol\\.${field}: expected`),
      );
    }
  });

  test.each<[object, string]>([
    [{method: 'FOO'}, "started.method: expected 'POST', 'PUT', 'PATCH', 'DELETE' or 'GET', got \"FOO\""],
    [{method: 'put'}, "started.method: expected 'POST', 'PUT', 'PATCH', 'DELETE' or 'GET', got \"put\""],
    [{url: '/vms/1'}, 'started.url: expected an absolute http or https URL, got'],
    [{location: 'file:///x'}, 'started.location: expected the Location header of the response, got'],
    [{location: 'https://a:b@any.example/'}, 'started.location: expected the Location header of the response, got'],
  ])('the request of a start: %j', (given, says) => {
    const started = {method: 'PUT', url: 'https://any.example/vms/1', location: '../ops/2?c=d'};
    expect(readAny({started})).toHaveProperty('started', started);
    expect(String(thrownBy(() => readAny({started: {...started, ...given}})))).toContain(says);
  });

  test('but an object without a prototype is one, and so is one of another realm', () => {
    expect(readAny(Object.assign(Object.create(null), {notFoundGrace: 5}))).toHaveProperty('notFoundGrace', 5);
    expect(readAny(runInNewContext('({notFoundGrace: 5})'))).toHaveProperty('notFoundGrace', 5);
  });

  test.each([
    ['null', null],
    ['5', 5],
  ])('options: %s', (got, options) => {
    expect(thrownBy(() => readAny(options))).toEqual(new TypeError(`options: expected an object, got ${got}`));
  });
});

describe('a token is never shown', () => {
  test.each<[string, unknown]>([
    ['in its own place, with a line break', {token: `${secret}\n`}],
    ['in its own place, in a list', {token: [secret]}],
    ['in its own place, in an object', {token: {value: secret}}],
    ['beside another mistake', {token: secret, requestTimeout: -1}],
    [
      'beside another mistake, from a function',
      {token: () => 'eyJ0eXAiOiJKV1QiLCJub25jZSI6Im1hcmtlciJ9', stalledAfter: '5s'},
    ],
    ['under another name', {accessToken: secret}],
    ['in the place of the options', secret],
    ['in the place of the options, from a function', () => 'eyJ0eXAiOiJKV1QiLCJub25jZSI6Im1hcmtlciJ9'],
    ['in the place of the options, in a list', [secret]],
  ])('%s', (_, options) => {
    const message = String(thrownBy(() => readAny(options)));
    expect(message).toMatch(/^(Type|Range)Error: \w+: /);
    expect(message).not.toContain(secret);
  });

  test('with a location that is refused', () => {
    const settings = readOptions({token: secret});
    expect(String(thrownBy(() => firstState('http://graph.example/', settings, 0)))).not.toContain(secret);
  });
});

describe('what operations share', () => {
  const signal = new AbortController().signal;
  const options: PollOptions = {token: secret, signal, totalTimeout: false};

  test('the settings of operations with the same options are one object', () => {
    expect(readOptions({...options})).toBe(readOptions({...options}));
  });

  test('is nothing where there are no weak references', () => {
    const removed = Object.getOwnPropertyDescriptor(globalThis, 'WeakRef') ?? {};
    Reflect.deleteProperty(globalThis, 'WeakRef');
    try {
      const alone = {...options, totalTimeout: 1234};
      expect(readOptions(alone)).toEqual(readOptions(alone));
    } finally {
      Object.defineProperty(globalThis, 'WeakRef', removed);
    }
  });

  test.each<[string, PollOptions]>([
    ['another token', {token: `${secret}2`}],
    ['another signal', {signal: new AbortController().signal}],
    ['no signal', {signal: undefined}],
    ['another time limit', {totalTimeout: 5}],
    ['another protocol', {protocol: tasks}],
    ['origins', {trustedOrigins: ['https://other.example']}],
    ['a start', {started: {method: 'POST', url: 'https://graph.example/'}}],
  ])('but not those with %s', (_, other) => {
    const before = readOptions(options);
    const given = {...options, ...other};
    const settings = readOptions(given);
    expect(settings).not.toBe(before);
    expect([settings.token, settings.signal, settings.totalTimeout]).toEqual([
      given.token,
      given.signal,
      given.totalTimeout,
    ]);
    expect(readOptions(options)).toEqual(before);
  });
});
