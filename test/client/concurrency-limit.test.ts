import {getEventListeners} from 'node:events';
import {setImmediate as settled} from 'node:timers/promises';
import {describe, expect, test} from '@jest/globals';
import {ConcurrencyLimit} from '../../src/client/concurrency-limit.ts';
import {rejectionOf} from '../graph/clients.ts';

const {signal} = new AbortController();

describe('the concurrency limit', () => {
  test('admits so many requests, in their order, and each release makes room', async () => {
    const limit = new ConcurrencyLimit(2);
    const admitted: string[] = [];
    const acquire = (name: string, weight = 1) => void limit.acquire(weight, signal).then(() => admitted.push(name));
    acquire('a');
    acquire('b');
    acquire('large', 2);
    acquire('c');
    await settled();
    expect(admitted).toEqual(['a', 'b']);
    limit.release(1);
    acquire('d'); // There is room for it, but it came last.
    await settled();
    expect(admitted).toEqual(['a', 'b']);
    limit.release(1);
    await settled();
    expect(admitted).toEqual(['a', 'b', 'large']);
    limit.release(2);
    await settled();
    expect(admitted).toEqual(['a', 'b', 'large', 'c', 'd']);
  });

  test('a batch that is larger than the limit leaves when nothing else is in flight', async () => {
    const limit = new ConcurrencyLimit(2);
    await limit.acquire(1, signal);
    let admitted = false;
    const large = limit.acquire(20, signal).then(() => {
      admitted = true;
    });
    await settled();
    expect(admitted).toBe(false);
    limit.release(1);
    await large;
  });

  test('a request that is given up makes room for those behind it, and leaves no listener', async () => {
    const limit = new ConcurrencyLimit(2);
    await limit.acquire(1, signal);
    const controller = new AbortController();
    const large = rejectionOf(limit.acquire(2, controller.signal));
    const behind = limit.acquire(1, signal);
    controller.abort('enough');
    expect(await large).toBe('enough');
    await behind;
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  test('a request that was given up before acquires nothing', async () => {
    const limit = new ConcurrencyLimit(1);
    expect(await rejectionOf(limit.acquire(1, AbortSignal.abort('enough')))).toBe('enough');
    expect(limit.tryAcquire(1)).toBe(true);
    expect(await rejectionOf(limit.acquire(1, AbortSignal.abort('enough')))).toBe('enough');
    limit.release(1);
    expect(limit.tryAcquire(1)).toBe(true);
  });
});
