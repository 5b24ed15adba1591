import {describe, expect, jest, test} from '@jest/globals';
import {Halt, haltWith, onAbort, signalOf} from '../../src/shared/abort.ts';

describe('a halt', () => {
  test.each([
    ['with a reason', ['enough']],
    ['with none', []],
    ['with null', [null]],
  ])('aborts as an AbortController does, %s', (_, reason) => {
    const controller = new AbortController();
    const halt = new Halt();
    for (const each of [controller, halt]) each.abort(...reason);
    expect(halt.aborted).toBe(true);
    expect(halt.reason).toEqual(controller.signal.reason);
    expect(String(halt.reason)).toBe(String(controller.signal.reason));
    let thrown: unknown;
    try {
      halt.throwIfAborted();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe(halt.reason);
  });

  test('tells each callback once, and none that has ended hearing', () => {
    const halt = new Halt();
    const [heard, twice, ended] = [jest.fn(), jest.fn(), jest.fn()];
    onAbort(halt, heard);
    onAbort(halt, twice);
    onAbort(halt, twice);
    onAbort(halt, ended)();
    halt.throwIfAborted();
    halt.abort('enough');
    halt.abort('more');
    expect([heard, twice, ended].map(({mock}) => mock.calls.length)).toEqual([1, 2, 0]);
    expect(halt.reason).toBe('enough');
  });

  test('has a signal that aborts with it, whether it was asked for before or after', () => {
    const halt = new Halt();
    const {signal} = halt;
    expect(signalOf(halt)).toBe(signal);
    expect(signal.aborted).toBe(false);
    halt.abort('enough');
    expect([signal.aborted, signal.reason]).toEqual([true, 'enough']);
    const late = new Halt();
    late.abort('enough');
    expect([late.signal.aborted, late.signal.reason]).toEqual([true, 'enough']);
  });

  test('ends with the signal that it is made with, until it is released', () => {
    const controller = new AbortController();
    const {halt} = haltWith(controller.signal);
    const released = haltWith(controller.signal);
    released.release();
    controller.abort('enough');
    expect([halt.aborted, halt.reason]).toEqual([true, 'enough']);
    expect(released.halt.aborted).toBe(false);
    expect(haltWith(controller.signal).halt.aborted).toBe(true);
    expect(haltWith(undefined).halt.aborted).toBe(false);
  });
});
