import {expect, test} from '@jest/globals';
import {InvalidResumeTokenError} from 'operation-poller';
import {createId, type JobData, jobOf, readJob, writeJob} from '../../src/bullmq/job.ts';
import {type JobToken, readJobToken, writeJobToken} from '../../src/bullmq/job-token.ts';
import {readResumeToken} from '../../src/operation/read-resume-token.ts';
import {type ResumeToken, writeResumeToken} from '../../src/operation/resume-token.ts';
import {firstState} from '../../src/options/first-state.ts';
import {readOptions} from '../../src/options/settings.ts';
import type {OperationRecord} from '../../src/runner/index.ts';
import {stateOf} from '../../src/runner/record.ts';
import {RecordRefusedError} from '../../src/runner/record-refused-error.ts';

const at = 1_795_519_816_533;
const tokenOf = (location: string): ResumeToken => writeResumeToken(firstState(location, readOptions({}), at));
const token = tokenOf('https://graph.microsoft.com/operations/1');
const stored = <T>(value: T): T => JSON.parse(JSON.stringify(value));

const body = {
  id: 'a',
  status: 'running',
  createdDateTime: '2020-05-14T00:23:40Z',
  lastActionDateTime: '2020-05-14T00-23-41Z',
};
const running: ResumeToken = {
  ...token,
  attempt: 1,
  observed: {running: 1},
  highestStatus: 'running',
  lastSeenAt: at,
  operation: {
    id: 'a',
    status: 'running',
    rawStatus: 'running',
    createdDateTime: '2020-05-14T00:23:40.000Z',
    lastActionDateTime: '2020-05-14T00:23:41.000Z',
    raw: body,
  },
};

test.each([
  'https://graph.microsoft.com/v1.0/users/a/authentication/operations/1?aadgdc=BY01P',
  'https://graph.microsoft.com:443/operations/1',
  'http://127.0.0.1:8080/operations/1',
  'https://GRAPH.microsoft.com/operations/1',
  'https://graph.microsoft.com?operation=1',
])('what a job holds is read as it was written: %s', (location) => {
  expect(readJobToken(stored(writeJobToken(tokenOf(location))))).toEqual(tokenOf(location));
});

test('a job holds the token origin only where it is not that of its location', () => {
  expect(writeJobToken(token)).not.toHaveProperty('tokenOrigin');
  for (const tokenOrigin of ['', 'https://graph.example']) {
    expect(writeJobToken({...token, tokenOrigin}).tokenOrigin).toBe(tokenOrigin);
  }
});

test('a job holds of an operation only what its body does not say', () => {
  const written = stored(writeJobToken(running));
  expect(written.operation).toEqual({status: 'running', raw: body});
  for (const field of ['kind', 'version', 'highestStatus', 'lastSeenAt']) expect(written).not.toHaveProperty(field);
  expect(readJobToken(written)).toEqual(running);
});

const {operation} = running;
test.each([
  ['another word', {...operation, rawStatus: 'InProgress'}],
  ['no id, although its body has one', {...operation, id: undefined}],
  ['no dates, although its body has them', {status: 'running', id: 'a', rawStatus: 'running', raw: body}],
  ['another date', {...operation, createdDateTime: '2021-01-01T00:00:00.000Z'}],
  ['a body that is a list', {...operation, raw: []}],
  ['no body', {...operation, raw: null}],
])('an operation with %s is read as it was written', (_, given) => {
  const other = stored({...running, lastSeenAt: at + 5, highestStatus: 'succeeded', operation: given}) as ResumeToken;
  expect(readJobToken(stored(writeJobToken(other)))).toEqual(other);
  expect(readResumeToken(readJobToken(stored(writeJobToken(other))))).toEqual(readResumeToken(other));
});

test.each([
  ['a backslash before the host', {location: 'https://graph.microsoft.com\\@evil.example/1'}],
  ['a user name', {location: 'https://graph.microsoft.com@evil.example/1'}],
  ['no host', {location: 'https:'}],
  ['no location', {location: undefined}],
  ['a token origin that is none', {tokenOrigin: 'https://evil.example/path'}],
  ['an operation that is none', {operation: 5}],
  ['an operation without a status', {operation: {raw: {}}}],
  [
    'an operation with a field that is none',
    {operation: JSON.parse('{"status": "running", "raw": {}, "__proto__": {}}')},
  ],
])('refuses %s', (_, wrong) => {
  const given = {...writeJobToken(token), ...wrong} as JobToken;
  expect(() => readResumeToken(readJobToken(given) ?? null)).toThrow(InvalidResumeTokenError);
});

test.each([undefined, null, 5, 'a string'])('refuses %p', (given) => {
  expect(readJobToken(given as unknown as JobToken)).toBeUndefined();
  for (const job of [{id: 'a', token: given}, given]) {
    expect(() => readJob('op-1', job as unknown as JobData)).toThrow(RecordRefusedError);
  }
});

test('a job holds a record, and its key only where that is not the location', () => {
  const {jobId} = jobOf(token.location);
  const record: OperationRecord = {version: 1, id: createId(jobId), key: token.location, token};
  const written = stored(writeJob(record));
  expect(Object.keys(written).sort()).toEqual(['id', 'token']);
  expect(readJob(jobId, written)).toEqual(record);
  const full = {...record, key: 'adele', data: {mail: 'a'}, ended: {dueAt: at, rejections: 1}};
  expect(readJob(jobId, stored(writeJob(full, true)))).toEqual(full);
  expect(writeJob(full, true).handOver).toBe(true);
  // After a move, the location is another one.
  const moved = {...record, token: tokenOf('https://graph.microsoft.com/operations/2')};
  expect(readJob(jobId, stored(writeJob(moved)))).toEqual(moved);
  expect(stateOf(readJob(jobId, written))).toEqual(readResumeToken(token));
});

test.each(['', 'a b', 'a.b', 'é', 5, undefined, {toString: 1}])(
  'refuses %p as the id of a watch: queue.get would not find it',
  (id) => {
    const job = {...writeJob({version: 1, id: 'op-1.a', key: 'adele', token}), id} as unknown as JobData;
    expect(() => readJob('op-1', job)).toThrow('The record op-1 was refused: id: it is not one that a queue makes');
  },
);

test('ids are such as BullMQ takes, and the same for the same key', () => {
  const ids = Array.from({length: 1000}, (_, index) => jobOf(`https://graph.example/${index}`).jobId);
  for (const id of ids) expect(id).toMatch(/^op-[\w-]{22}$/);
  expect(new Set(ids).size).toBe(1000);
  expect(jobOf('https://graph.example/0')).toEqual({jobId: ids[0]});
});

test('a job is found by the id of each watch, and each watch has its own', () => {
  const {jobId} = jobOf('a key');
  const id = createId(jobId);
  expect(jobOf(id)).toEqual({jobId, id});
  expect(jobOf(jobId)).toEqual({jobId, id: undefined});
  expect(createId(jobId)).not.toBe(id);
});

test('a key or an id is a string', () => {
  expect(() => jobOf(undefined as never)).toThrow(/^key: expected a string, got undefined$/);
});
