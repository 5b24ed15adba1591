import {describe, expect, test} from '@jest/globals';
import * as protocols from '../../src/protocol/protocols.ts';
import {operationOf, statusOf} from './parsing.ts';

const {longrunning} = protocols.google;
const name = 'operations/1234567890';
const metadata = {
  '@type': 'type.googleapis.com/google.cloud.speech.v1.LongRunningRecognizeMetadata',
  progressPercent: 34,
  startTime: '2016-08-30T23:26:29.579144Z',
  lastUpdateTime: '2016-08-30T23:26:30.180640Z',
};

describe("an operation of Google's", () => {
  test('that has just started and has only a name', () => {
    expect(operationOf(longrunning, {name})).toEqual({id: name, status: 'running', rawStatus: ''});
  });

  test('that is running', () => {
    const expected = {
      id: name,
      status: 'running',
      percentComplete: 34,
      createdDateTime: new Date('2016-08-30T23:26:29.579Z'),
      lastActionDateTime: new Date('2016-08-30T23:26:30.180Z'),
    };
    expect(operationOf(longrunning, {name, metadata})).toEqual({...expected, rawStatus: ''});
    expect(operationOf(longrunning, {name, metadata, done: false})).toEqual({...expected, rawStatus: 'false'});
  });

  test('that succeeded', () => {
    const response = {'@type': 'type.googleapis.com/google.example.library.v1.Book', name: 'publishers/p/books/b'};
    expect(operationOf(longrunning, {name, done: true, response})).toEqual({
      id: name,
      status: 'succeeded',
      rawStatus: 'true',
      result: response,
    });
  });

  test('that succeeded without a response, as a deletion does', () => {
    expect(operationOf(longrunning, {name, done: true})).toEqual({id: name, status: 'succeeded', rawStatus: 'true'});
  });

  test.each([
    ['failed', 3, 'The audio is too long.'],
    ['canceled', 1, 'The operation was canceled.'],
  ])('that %s', (status, code, message) => {
    expect(operationOf(longrunning, {name, done: true, error: {code, message, details: []}})).toEqual({
      id: name,
      status,
      rawStatus: 'true',
      error: {code: String(code), message},
    });
  });

  test('whose error is none: its code is 0', () => {
    const error = {code: 0, message: ''};
    expect([
      statusOf(longrunning, {name, done: true, error}),
      statusOf(longrunning, {name, done: true, error: {}}),
      statusOf(longrunning, {name, error}),
    ]).toEqual(['succeeded', 'succeeded', 'running']);
  });

  test.each([
    [
      'an error of the API itself',
      {error: {code: 404, message: 'Requested entity was not found.', status: 'NOT_FOUND'}},
    ],
    ['an error with a name', {name, error: {code: 13}}],
    ['a number for done', {name, done: 5}],
    ['an empty object', {}],
  ])('is not %s', (_, body) => {
    expect(statusOf(longrunning, body)).toBe('unreadable');
  });
});
