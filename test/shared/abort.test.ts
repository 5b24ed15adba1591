import {describe, expect, jest, test} from '@jest/globals';
import {deriveController, LazyAbortController, onAbort, toAbortSignal, unlessAborted} from '../../src/shared/abort.ts';

describe('a lazy abort controller', () => {
  test.each([
    ['with a reason', ['enough']],
    ['with none', []],
    ['with null', [null]],
  ])('aborts as an AbortController does, %s', (_, reason) => {
    const source = new AbortController();
    const lazy = new LazyAbortController();
    for (const each of [source, lazy]) each.abort(...reason);
    expect(lazy.aborted).toBe(true);
    expect(lazy.reason).toEqual(source.signal.reason);
    expect(String(lazy.reason)).toBe(String(source.signal.reason));
    let thrown: unknown;
    try {
      lazy.throwIfAborted();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe(lazy.reason);
  });

  test('calls each callback once, and none that was removed', () => {
    const lazy = new LazyAbortController();
    const [once, twice, removed] = [jest.fn(), jest.fn(), jest.fn()];
    onAbort(lazy, once);
    onAbort(lazy, twice);
    onAbort(lazy, twice);
    onAbort(lazy, removed)();
    lazy.throwIfAborted();
    lazy.abort('enough');
    lazy.abort('more');
    expect([once, twice, removed].map(({mock}) => mock.calls.length)).toEqual([1, 2, 0]);
    expect(lazy.reason).toBe('enough');
  });

  test('has a signal that aborts with it, whether it was asked for before or after', () => {
    const lazy = new LazyAbortController();
    const {signal} = lazy;
    expect(toAbortSignal(lazy)).toBe(signal);
    expect(signal.aborted).toBe(false);
    lazy.abort('enough');
    expect([signal.aborted, signal.reason]).toEqual([true, 'enough']);
    const late = new LazyAbortController();
    late.abort('enough');
    expect([late.signal.aborted, late.signal.reason]).toEqual([true, 'enough']);
  });

  test('ends with the signal that it is made with, until it is disposed of', () => {
    const source = new AbortController();
    const {controller: lazy} = deriveController(source.signal);
    const disposed = deriveController(source.signal);
    disposed.dispose();
    source.abort('enough');
    expect([lazy.aborted, lazy.reason]).toEqual([true, 'enough']);
    expect(disposed.controller.aborted).toBe(false);
    expect(deriveController(source.signal).controller.aborted).toBe(true);
    expect(deriveController(undefined).controller.aborted).toBe(false);
  });
});

describe('a promise that is awaited unless a signal aborts', () => {
  test('gives what it resolves or rejects with', async () => {
    const {signal} = new AbortController();
    expect(await unlessAborted(Promise.resolve('value'), signal)).toBe('value');
    await expect(unlessAborted(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken');
  });

  test.each([
    ['before', (controller: AbortController) => controller.abort(new Error('enough'))],
    [
      'meanwhile',
      (controller: AbortController) => void Promise.resolve().then(() => controller.abort(new Error('enough'))),
    ],
  ])('is no longer awaited when that happens %s', async (_, abort) => {
    const controller = new AbortController();
    abort(controller);
    await expect(unlessAborted(new Promise(() => {}), controller.signal)).rejects.toThrow('enough');
  });
});
