import {describe, expect, test} from '@jest/globals';
import {eventJson} from '../../src/cli/event-json.ts';
import {UnreachableError} from '../../src/operation/errors.ts';
import {operationOf, pollError} from '../support/core.ts';

describe('an event as JSON', () => {
  const location = 'https://graph.example/operations/1';
  const base = {location, attempt: 2, at: 0, operation: undefined};

  test('has its times as text, and no body of a response', () => {
    const operation = operationOf('succeeded', {
      secret: 'in the body',
      result: 'of the operation',
      createdDateTime: '2020-03-19T12:01:03Z',
      resourceLocation: 'https://files.example/x?signature=1',
    });
    expect(JSON.parse(JSON.stringify(eventJson({type: 'succeeded', ...base, operation})))).toEqual({
      type: 'succeeded',
      at: '1970-01-01T00:00:00.000Z',
      location,
      attempt: 2,
      operation: {
        id: 'b',
        status: 'succeeded',
        rawStatus: 'succeeded',
        createdDateTime: '2020-03-19T12:01:03.000Z',
        resourceLocation: 'https://files.example/x',
      },
    });
  });

  test('shows a resource on the same origin in full, and omits one that is not a URL', () => {
    const shownAs = (resourceLocation: string): unknown =>
      eventJson({type: 'polled', ...base, operation: operationOf('running', {resourceLocation})})['operation'];
    expect(shownAs('/items/1?a=b')).toMatchObject({resourceLocation: 'https://graph.example/items/1?a=b'});
    expect(shownAs('javascript:alert(1)')).toMatchObject({resourceLocation: undefined});
  });

  test('has the facts of its error', () => {
    const error = pollError(429, {code: 'TooManyRequests', retryAfter: 5000});
    expect(eventJson({type: 'retrying', ...base, error, delay: 5000})).toMatchObject({
      delay: 5000,
      error: {
        name: 'PollError',
        message: 'It answered 429',
        kind: 'http',
        httpStatus: 429,
        code: 'TooManyRequests',
        retryAfter: 5000,
      },
    });
    const abandoned = eventJson({
      type: 'abandoned',
      ...base,
      reason: 'unreachable',
      error: new UnreachableError('gone'),
    });
    expect(abandoned).toMatchObject({reason: 'unreachable', error: {name: 'UnreachableError', message: 'gone'}});
    expect(abandoned['error']).not.toHaveProperty('kind');
    expect(eventJson({type: 'stalled', ...base, since: 1000})).toMatchObject({since: '1970-01-01T00:00:01.000Z'});
  });
});
