import {expect, test} from '@jest/globals';
import fc from 'fast-check';
import ky from 'ky';
import {createOperationClient, type OperationClient} from 'operation-poller/client';
import {OperationError} from '../../src/operation/errors.ts';
import {isPollError} from '../../src/operation/poll-error.ts';
import {fetchOperation} from '../../src/polling/fetch-once.ts';
import type {JsonPointers} from '../../src/protocol/pointer.ts';
import type {Protocol, ProtocolFields} from '../../src/protocol/protocol.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import {thrownBy} from '../support/core.ts';

const root = 'https://service.example';
const location = `${root}/operations/1`;

const statuses = ['notStarted', 'running', 'succeeded', 'failed', 'canceled'] as const;
const statusOf = fc.constantFrom(...statuses);
/** The names of the bodies that answer: some of the places lead to something. */
const names = [
  'status',
  'state',
  'id',
  'error',
  'code',
  'message',
  'result',
  'name',
  'url',
  'wait',
  'list',
  '__proto__',
];
const pointer = fc
  .array(fc.constantFrom(...names, '0', 'a~1b', ''), {minLength: 1, maxLength: 2})
  .map((path) => `/${path.join('/')}` as const);
const pointers = fc.oneof(pointer, fc.array(pointer, {minLength: 1, maxLength: 3}));
const template = fc
  .tuple(fc.constantFrom('', '/', './jobs/', `${root}/`, 'https://foreign.example/'), pointer)
  .map(([before, at]) => ({template: `${before}{${at}}`}));
const suffix = fc.constantFrom('/records', ':cancel', '/');
const headers = fc.dictionary(fc.constantFrom('prefer', 'x-version', 'cookie'), fc.constantFrom('', 'a', 'b=c, d'));
const places = fc.oneof(
  fc.constantFrom('resourceLocation' as const, 'location' as const, 'original' as const),
  suffix.map((own) => ({suffix: own})),
  template,
);
const milliseconds = fc.constantFrom(60_000, 3_600_000);
/** Those that fields of their own may give a meaning to. */
const ownStatuses = {303: 'succeeded', 404: 'succeeded', 410: 'succeeded'} as const;

const read = fc.constantFrom<NonNullable<ProtocolFields['read']>>(
  () => undefined,
  ({httpStatus}) => (httpStatus < 400 ? {status: 'running', percentComplete: 5} : undefined),
  ({headers: found}) => ({status: 'succeeded', result: found.get('x-wait') ?? undefined}),
  ({body}) => ({status: 'failed', error: Object(body).error}),
  ({body}) => JSON.parse(String(body)),
);

/** What each field may be. */
const arbitraries: {
  readonly [Name in keyof Required<ProtocolFields>]: fc.Arbitrary<NonNullable<ProtocolFields[Name]>>;
} = {
  name: fc.constantFrom('tasks', 'longRunning', '__proto__'),
  status: pointers,
  statusIfKnown: fc.constantFrom<JsonPointers>('/phase', ['/phase', '/progress/state']),
  words: fc
    .dictionary(fc.constantFrom('busy', 'true', '1', 'constructor', ''), statusOf)
    .map((words) => ({...words, done: 'succeeded' as const})),
  otherWords: statusOf,
  withoutStatus: statusOf,
  httpStatuses: fc
    .dictionary(fc.constantFrom('200', '202', '302', '400', '403', '503'), statusOf)
    .map((others) => ({...ownStatuses, ...others})),
  errorMeansFailed: fc.boolean(),
  errorCodes: fc.dictionary(fc.constantFrom('0', 'busy', 'Bad'), statusOf),
  throttlingCodes: fc.array(fc.constantFrom('busy', 'Bad')),
  seeOtherSucceeds: fc.boolean(),
  notFoundSucceeds: fc.boolean(),
  id: pointers,
  createdDateTime: pointers,
  lastActionDateTime: pointers,
  statusDetail: pointers,
  percentComplete: pointers,
  resourceLocation: pointers,
  result: fc.oneof(pointers, fc.constant('' as const)),
  resultLocation: fc.oneof(places, fc.array(places, {maxLength: 3})),
  error: pointers,
  errorCode: pointers,
  errorMessage: pointers,
  read,
  start: fc.oneof(fc.constantFrom('headers' as const, 'resource' as const, 'original' as const), pointer, template),
  requestHeaders: headers,
  pollHeaders: headers,
  createdMeansDone: fc.boolean(),
  bodyMeansDone: fc.boolean(),
  locationHeaders: fc.subarray(['location', 'Operation-Location', 'x-wait']),
  moveHeaders: fc.subarray(['location', 'x-wait']),
  pathsUnderRoot: fc.boolean(),
  locationOnly: fc.constantFrom(protocols.azure.location, protocols.longRunning),
  resource: fc.constantFrom(protocols.azure.resource, protocols.longRunning),
  cancel: fc.oneof(
    suffix.map((own) => ({method: 'POST' as const, suffix: own, body: {why: null}})),
    template.map((own) => ({method: 'DELETE' as const, ...own})),
    pointers.map((at) => ({method: 'PUT' as const, at})),
  ),
  authorization: fc.constantFrom<NonNullable<ProtocolFields['authorization']>>(
    'bearer',
    'none',
    {header: 'X-Api-Key'},
    {header: 'authorization', scheme: 'Key'},
  ),
  foreignHosts: fc.boolean(),
  minimumInterval: fc.constantFrom(0, 5000),
  maximumInterval: milliseconds,
  retryAfter: fc.oneof(
    fc.constant({header: 'x-wait', unit: 'ms' as const}),
    pointers.map((at) => ({at, unit: 's' as const})),
  ),
  requestTimeout: milliseconds,
  totalTimeout: milliseconds,
};

/** Fields of which none contradicts another. */
const definitions = fc
  .record(arbitraries, {requiredKeys: ['name', 'status', 'words']})
  .map(({createdMeansDone, errorCodes, errorMeansFailed, ...others}): ProtocolFields => {
    const codes = errorMeansFailed && errorCodes ? {errorCodes} : {};
    const done = createdMeansDone && others.start !== 'resource' ? {createdMeansDone} : {};
    return {...others, ...(errorMeansFailed ? {errorMeansFailed} : {}), ...codes, ...done};
  });

const value = fc.oneof(
  fc.constantFrom<unknown>('busy', 'DONE', 'odd', '', 'Bad', true, false, null, 0, 1, 50, '20%', 1e300),
  fc.constantFrom('2026-01-01T00:00:00Z', '/operations/2', 'https://foreign.example/a', '\ud800', '..'),
  fc.jsonValue({maxDepth: 2}),
);
const inner = fc.dictionary(fc.constantFrom(...names, '0', 'a/b', ''), value, {maxKeys: 5});
const body = fc.oneof(
  fc.dictionary(fc.constantFrom(...names, 'a/b', ''), fc.oneof(value, inner, fc.array(inner, {maxLength: 2}))),
  value,
  fc.constant(undefined),
);
const answer = fc.record({
  status: fc.constantFrom(200, 200, 201, 202, 204, 302, 303, 400, 401, 403, 404, 410, 429, 500, 503),
  body,
  headers: fc.dictionary(
    fc.constantFrom('location', 'operation-location', 'retry-after', 'x-wait'),
    fc.constantFrom('/operations/2', 'https://foreign.example/a', '5', '250', 'Bad', ''),
  ),
});

/** A service that answers so, and then no more. */
function serviceOf({
  status,
  body: json,
  headers: sent,
}: {
  status: number;
  body: unknown;
  headers: Record<string, string>;
}) {
  let answers = 0;
  const text = json === undefined ? '<html>' : JSON.stringify(json);
  const fetch = async (): Promise<Response> =>
    answers++ === 0
      ? new Response(status === 204 ? null : text, {status, headers: sent})
      : new Response(null, {status: 404});
  return ky.create({fetch});
}

/** Refuses what no service can cause: an error that is none of the library's, or one of the library's own code. */
function expectOurs(error: unknown): void {
  expect(error).toBeInstanceOf(OperationError);
  const {cause} = Object(error);
  if (cause === undefined) return;
  expect(isPollError(cause)).toBe(true);
  expect(String(cause)).not.toContain('thrown by the ky instance');
}

/** Starts an operation and asks to cancel it. */
async function startAndCancel(client: OperationClient, protocol: Protocol): Promise<void> {
  const {poller} = await client.start(protocol, {path: '/jobs', method: 'PUT'});
  if (poller === undefined) return;
  const refusal: unknown = await poller.cancel().catch((error: unknown) => error);
  poller.stop();
  if (!isPollError(refusal)) expect(String(refusal)).toMatch(/^undefined$|^TypeError: cancel: the protocol/);
}

test('a protocol of any fields that do not contradict each other is defined, and reads whatever is answered', async () => {
  await fc.assert(
    fc.asyncProperty(definitions, answer, async (definition, answered) => {
      const protocol = protocols.define(definition);
      const options = {token: 'a-token-of-this-test', trustedOrigins: ['https://foreign.example']};
      await fetchOperation(location, {...options, protocol, http: serviceOf(answered)}).catch(expectOurs);
      const client = createOperationClient({root, token: options.token, http: serviceOf(answered)});
      await startAndCancel(client, protocol).catch(expectOurs);
    }),
    {numRuns: 200, seed: 9},
  );
});

test.each<[string, number, string]>([
  ['a word', 200, 'running'],
  ['an HTTP status', 202, 'running'],
  ['an HTTP status of an error', 422, 'running'],
  ['an HTTP status that means success by itself', 404, 'succeeded'],
])('beside a read, no field says what the status is by %s, of HTTP %i: it is %s', async (_, httpStatus, status) => {
  const protocol = protocols.define({
    name: 'counted',
    read: () => ({status: 'running'}),
    status: '/status',
    words: {done: 'succeeded'},
    httpStatuses: {202: 'succeeded', 422: 'failed'},
    errorMeansFailed: true,
    notFoundSucceeds: true,
  });
  const body = {status: 'done', error: {code: 'bad'}};
  const http = serviceOf({status: httpStatus, body, headers: {}});
  expect(await fetchOperation(location, {protocol, http})).toMatchObject({status});
});

/** What no field takes. */
const invalid = fc.constantFrom<unknown>(null, Number.NaN, 5n, Symbol('mine'), new Map(), [null], {'': null});
const fieldNames = Object.keys(arbitraries);
const within = fc.oneof(
  fc.tuple(fc.constantFrom(...fieldNames), invalid),
  invalid.chain((value) =>
    fc.constantFrom<readonly [string, unknown]>(
      ['words', {done: 'succeeded', busy: value}],
      ['httpStatuses', {200: value}],
      ['errorCodes', {1: value}],
      ['start', {template: value}],
      ['resultLocation', ['location', {suffix: value}]],
      ['requestHeaders', {prefer: value}],
      ['pollHeaders', {prefer: value}],
      ['cancel', {method: value}],
      ['cancel', {method: 'PUT', at: value}],
      ['cancel', {method: 'PUT', suffix: value}],
      ['authorization', {header: value}],
      ['authorization', {header: 'X-Api-Key', scheme: value}],
      ['retryAfter', {unit: value, at: '/wait'}],
      ['retryAfter', {unit: 's', header: value}],
      ['locationOnly', {name: value, status: '/status', words: {done: 'succeeded'}}],
      ['resource', {name: 'own', status: value, words: {done: 'succeeded'}}],
    ),
  ),
);

test('a definition with one invalid field is refused by an error that names it', () => {
  fc.assert(
    fc.property(definitions, within, (definition, [field, value]) => {
      const error = thrownBy(() => protocols.define({...definition, [field]: value}));
      expect(['TypeError', 'RangeError']).toContain(Object(error).name);
      expect(Object(error).message).toMatch(new RegExp(`^protocol\\.${field}[.:]`));
    }),
    {numRuns: 2000, seed: 9},
  );
});

test.each<[string, object]>([
  ['words', {words: {done: 'succeeded', busy: 'running', Busy: 'failed'}}],
  [
    'words',
    {words: {busy: 'running'}, otherWords: 'running', withoutStatus: 'running', httpStatuses: {200: 'running'}},
  ],
  ['errorCodes', {errorMeansFailed: true, errorCodes: {bad: 'failed', Bad: 'canceled'}}],
  ['errorMeansFailed', {errorMeansFailed: false, errorCodes: {1: 'canceled'}}],
  ['statusIfKnown', {status: ['/a', '/b'], statusIfKnown: ['/c', '/b']}],
  ['httpStatuses', {seeOtherSucceeds: true, httpStatuses: {303: 'failed'}}],
  ['httpStatuses', {notFoundSucceeds: true, httpStatuses: {410: 'failed'}}],
  ['createdMeansDone', {createdMeansDone: true, start: 'resource'}],
  ['requestHeaders', {authorization: {header: 'X-Version'}, requestHeaders: {'x-version': '2'}, pollHeaders: {}}],
  ['pollHeaders', {authorization: {header: 'X-Version'}, pollHeaders: {'x-version': '2'}, requestHeaders: {}}],
  ['cancel', {cancel: {method: 'PUT', suffix: '/stop', at: '/stop'}}],
  ['retryAfter', {retryAfter: {unit: 's'}}],
  ['retryAfter', {retryAfter: {header: 'Retry-After', unit: 'ms'}}],
  ['maximumInterval', {minimumInterval: 5, maximumInterval: 4}],
])('a definition with %s that contradicts another field is refused by an error that names it: %j', (field, fields) => {
  fc.assert(
    fc.property(definitions, ({seeOtherSucceeds, notFoundSucceeds, read: _, ...definition}) => {
      const error = thrownBy(() => protocols.define({...definition, ...fields} as ProtocolFields));
      expect(['TypeError', 'RangeError']).toContain(Object(error).name);
      expect(Object(error).message).toMatch(new RegExp(`^protocol\\.${field}[.:]`));
    }),
    {numRuns: 50, seed: 9},
  );
});
