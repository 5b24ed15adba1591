import {describe, expect, test} from '@jest/globals';
import type {Context, ObjectContext, WorkflowContext} from '@restatedev/restate-sdk';
import {type CloudflareStep, cloudflareHost, type RestateContext, restateHost} from 'operation-poller/durable';

describe('restateHost', () => {
  test('names its steps, gives its waits in milliseconds, and has the signal that an attempt is over', async () => {
    const called: unknown[] = [];
    const {signal} = new AbortController();
    const host = restateHost({
      run: async (name, action) => [name, await action()],
      sleep: async (...given) => void called.push(given),
      date: {now: async () => 7},
      request: () => ({attemptCompletedSignal: signal}),
    });
    expect(await host.run('poll 1', async () => 'done')).toEqual(['poll 1', 'done']);
    await host.sleep('wait 1', 1500);
    expect(called).toEqual([[1500, 'wait 1']]);
    expect(await host.now('begin')).toBe(7);
    expect(host.signal).toBe(signal);
  });

  test.each([
    [undefined, 'undefined'],
    ['ctx', '"ctx"'],
    [{run: () => {}, sleep: () => {}}, 'an object'],
  ])('refuses %p, and names the argument', (ctx, shown) => {
    const message = `ctx: expected the context of a Restate handler, got ${shown}`;
    expect(() => restateHost(ctx as unknown as RestateContext)).toThrow(new TypeError(message));
  });

  test('takes the contexts of the SDK as they are', () => {
    // The compiler checks it.
    const take = (context: Context | ObjectContext | WorkflowContext): RestateContext => context;
    expect(take).toBeInstanceOf(Function);
  });
});

describe('cloudflareHost', () => {
  test('names its steps and records the time as one', async () => {
    const called: unknown[] = [];
    const step: CloudflareStep = {
      do: async (name, callback) => {
        called.push(name);
        return callback();
      },
      sleep: async (...given) => void called.push(given),
    };
    const host = cloudflareHost(step);
    expect(await host.run('poll 1', async () => ['done'])).toEqual(['done']);
    await host.sleep('wait 1', 1500);
    const before = Date.now();
    expect(await host.now('begin')).toBeGreaterThanOrEqual(before);
    expect(called).toEqual(['poll 1', ['wait 1', 1500], 'begin']);
    expect(host.signal).toBeUndefined();
  });

  test.each([
    [null, 'null'],
    [{do: () => {}}, 'an object'],
  ])('refuses %p, and names the argument', (step, shown) => {
    const message = `step: expected the second argument of a workflow's run, got ${shown}`;
    expect(() => cloudflareHost(step as unknown as CloudflareStep)).toThrow(new TypeError(message));
  });
});
