import {expect, test} from '@jest/globals';
import {InvalidResumeTokenError} from 'operation-poller';
import {type JobToken, jobId, readJobToken, writeJobToken} from '../../src/bullmq/job.ts';
import {firstState} from '../../src/options/first-state.ts';
import {readOptions} from '../../src/options/settings.ts';

const settings = readOptions({});
const stateOf = (location: string) => firstState(location, settings, 1_795_519_816_533);

test.each([
  'https://graph.microsoft.com/v1.0/users/a/authentication/operations/1?aadgdc=BY01P',
  'https://graph.microsoft.com:443/operations/1',
  'http://127.0.0.1:8080/operations/1',
  'https://GRAPH.microsoft.com/operations/1',
  'https://graph.microsoft.com?operation=1',
])('what a job holds is read as it was written: %s', (location) => {
  const state = stateOf(location);
  expect(readJobToken(JSON.parse(JSON.stringify(writeJobToken(state))))).toEqual(state);
});

test('a job holds the token origin only where it is not that of its location', () => {
  const state = stateOf('https://graph.microsoft.com/operations/1');
  expect(writeJobToken(state)).not.toHaveProperty('tokenOrigin');
  for (const tokenOrigin of ['', 'https://graph.example'])
    expect(writeJobToken({...state, tokenOrigin}).tokenOrigin).toBe(tokenOrigin);
});

test.each([
  ['a backslash before the host', {location: 'https://graph.microsoft.com\\@evil.example/1'}],
  ['a user name', {location: 'https://graph.microsoft.com@evil.example/1'}],
  ['no host', {location: 'https:'}],
  ['no location', {location: undefined}],
  ['a token origin that is none', {tokenOrigin: 'https://evil.example/path'}],
])('refuses %s', (_, wrong) => {
  const token = {...writeJobToken(stateOf('https://graph.microsoft.com/operations/1')), ...wrong} as JobToken;
  expect(() => readJobToken(token)).toThrow(InvalidResumeTokenError);
});

test.each([undefined, null, 5, 'a string'])('refuses %p', (token) => {
  expect(() => readJobToken(token as unknown as JobToken)).toThrow(InvalidResumeTokenError);
});

test('ids are such as BullMQ takes, and the same for the same operation', () => {
  const ids = Array.from({length: 1000}, (_, index) => jobId(`https://graph.example/${index}`, undefined));
  for (const id of ids) expect(id).toMatch(/^op-[\w-]{22}$/);
  expect(new Set(ids).size).toBe(1000);
  expect(jobId('https://graph.example/0', undefined)).toBe(ids[0]);
  expect(jobId('https://graph.example/0', 'a key')).toBe(jobId('https://graph.example/1', 'a key'));
});
