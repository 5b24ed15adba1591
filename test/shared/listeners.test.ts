import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import {Listeners} from '../../src/shared/listeners.ts';
import {thrownBy} from '../support/core.ts';

type Event = {readonly type: 'a' | 'b'; readonly count?: number};

const reported: unknown[] = [];

beforeEach(() => {
  reported.length = 0;
  Object.defineProperty(globalThis, 'reportError', {
    value: (error: unknown) => reported.push(error),
    configurable: true,
  });
});

afterEach(() => {
  Reflect.deleteProperty(globalThis, 'reportError');
});

describe('listeners', () => {
  test('get the events of their type, in the order in which they were added, those of all last', () => {
    const listeners = new Listeners<Event>(['a', 'b']);
    const calls: string[] = [];
    listeners.add('*', ({type}) => void calls.push(`all ${type}`));
    listeners.add('a', ({type}) => void calls.push(`first ${type}`));
    listeners.add('a', ({type}) => void calls.push(`second ${type}`));
    listeners.add('b', ({type}) => void calls.push(`other ${type}`));
    listeners.emit({type: 'a'});
    listeners.emit({type: 'b'});
    expect(calls).toEqual(['first a', 'second a', 'all a', 'other b', 'all b']);
  });

  test('get the event itself', () => {
    const listeners = new Listeners<Event>(['a', 'b']);
    const listener = jest.fn();
    listeners.add('a', listener);
    const event: Event = {type: 'a', count: 1};
    listeners.emit(event);
    expect(listener.mock.calls).toEqual([[event]]);
    expect(listener.mock.calls[0]?.[0]).toBe(event);
  });

  test('that were added twice are called twice, and each subscription ends by itself, once', () => {
    const listeners = new Listeners<Event>(['a', 'b']);
    const listener = jest.fn();
    expect(listeners.isEmpty).toBe(true);
    const [first, second] = [listeners.add('a', listener), listeners.add('a', listener)];
    listeners.emit({type: 'a'});
    expect(listener).toHaveBeenCalledTimes(2);
    first.unsubscribe();
    first.unsubscribe();
    expect(listeners.isEmpty).toBe(false);
    listeners.emit({type: 'a'});
    expect(listener).toHaveBeenCalledTimes(3);
    second.unsubscribe();
    expect(listeners.isEmpty).toBe(true);
    listeners.emit({type: 'a'});
    expect(listener).toHaveBeenCalledTimes(3);
  });

  test('that are added during an event get the next one', () => {
    const listeners = new Listeners<Event>(['a', 'b']);
    const late = jest.fn();
    const {unsubscribe} = listeners.add('a', () => {
      unsubscribe();
      listeners.add('a', late);
    });
    listeners.emit({type: 'a'});
    expect(late).not.toHaveBeenCalled();
    listeners.emit({type: 'a'});
    expect(late).toHaveBeenCalledTimes(1);
  });

  test('that throw harm neither the others nor whoever emits: the error is reported', () => {
    const listeners = new Listeners<Event>(['a', 'b']);
    const mistake = new Error('mine');
    const [before, after, all] = [jest.fn(), jest.fn(), jest.fn()];
    listeners.add('a', before);
    listeners.add('a', () => {
      throw mistake;
    });
    listeners.add('a', after);
    listeners.add('*', all);
    expect(() => listeners.emit({type: 'a'})).not.toThrow();
    expect([before, after, all].map(({mock}) => mock.calls.length)).toEqual([1, 1, 1]);
    expect(reported).toEqual([mistake]);
  });

  test.each<[unknown, string]>([
    ['runing', 'runing: there is no such event; there are running, polled. Did you mean running?'],
    ['end', 'end: there is no such event; there are running, polled'],
    [undefined, 'event: expected a name, got undefined'],
  ])('of an event that there is not are refused: %p', (type, message) => {
    const listeners = new Listeners<{type: 'running' | 'polled'}>(['running', 'polled']);
    expect(thrownBy(() => listeners.add(type as 'running', () => undefined))).toEqual(new TypeError(message));
    expect(listeners.isEmpty).toBe(true);
  });

  test.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    [{handleEvent: () => undefined}, 'an object'],
    ['a', '"a"'],
  ])('that are no functions are refused: %p', (listener, got) => {
    const listeners = new Listeners<Event>(['a', 'b']);
    expect(thrownBy(() => listeners.add('a', listener as () => void))).toEqual(
      new TypeError(`listener: expected a function, got ${got}`),
    );
    expect(listeners.isEmpty).toBe(true);
  });
});
