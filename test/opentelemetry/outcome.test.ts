import {describe, expect, test} from '@jest/globals';
import {watchOutcome} from '../../src/opentelemetry/outcome.ts';
import {location, operationOf} from '../support/core.ts';

describe('the detection delay', () => {
  test.each([
    ['2020-01-01T00:00:00Z', 2.5],
    ['2020-01-01T00:01:00Z', undefined],
    [undefined, undefined],
  ])('of an operation that changed at %s is %s', (changed, delay) => {
    const operation = {
      ...operationOf('failed'),
      ...(changed === undefined ? {} : {lastActionDateTime: new Date(changed)}),
    };
    const at = Date.parse('2020-01-01T00:00:02.500Z');
    expect(watchOutcome({type: 'failed', operation, location, attempt: 1, at})?.detectionDelay).toBe(delay);
  });
});
