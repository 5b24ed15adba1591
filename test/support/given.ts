import {inspect} from 'node:util';
import {jest} from '@jest/globals';
import {type OperationPoller, pollOperation, schedules} from 'operation-poller';
import {startGraphEmulator} from 'operation-poller/testing';

/** What the documents' fragments take for granted: an operation on the emulator, and what belongs to it. */
export interface Given extends AsyncDisposable {
  /** How many requests the emulator has been sent. */
  readonly requests: number;
  /** Runs a module that has what is given as globals, and gives what it printed. */
  run(file: string): Promise<string>;
}

/** How the operation ends. */
export type GivenEnd = 'succeeded' | 'failed';

/**
 * Starts it. A page declares the names in its preamble, `declare const location: string;`, which leaves nothing in the
 * compiled module: there they are globals. The operation goes from `notStarted` over `running` to its end; every answer
 * says `Retry-After: 0`, so that nothing waits whatever the fragment's schedule is.
 */
export async function startGiven(end: GivenEnd): Promise<Given> {
  const emulator = await startGraphEmulator({token: 'an-access-token'});
  const made = emulator.addResource({path: '/made/i', script: [{fields: {name: 'what the operation made'}}]});
  const {location} = emulator.addOperation({
    script: [
      {status: 'notStarted', retryAfter: 0},
      {status: 'running', retryAfter: 0},
      end === 'failed'
        ? {status: 'failed', detail: 'PolicyViolation'}
        : {status: 'succeeded', detail: 'ResetSuccess', resourceLocation: made.location},
    ],
  });
  const stored = new Map<string, string>();
  let poller: OperationPoller | undefined;
  const token = (): Promise<string> => Promise.resolve('an-access-token');
  const given = {
    emulator,
    location,
    token,
    getToken: token,
    database: {
      write: (key: string, value: string) => Promise.resolve(stored.set(key, value)).then(() => undefined),
      read: (key: string) => Promise.resolve(stored.get(key) ?? ''),
    },
    queue: {add: () => Promise.resolve()},
    // Made when a fragment first uses it: a fragment that makes its own must not have another one polling beside it.
    get poller(): OperationPoller {
      poller ??= pollOperation(location, {token, schedule: schedules.fixed(1)});
      return poller;
    },
  };
  const names = Object.keys(given);

  return {
    get requests() {
      return emulator.received;
    },
    async run(file) {
      const printed: string[] = [];
      const say = (...values: unknown[]): void => {
        printed.push(`${values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' ')}\n`);
      };
      const spies = [
        jest.spyOn(console, 'log').mockImplementation(say),
        jest.spyOn(console, 'error').mockImplementation(say),
      ];
      for (const name of names) {
        Object.defineProperty(globalThis, name, {configurable: true, get: () => Reflect.get(given, name)});
      }
      try {
        await import(file);
        // A fragment may only start or listen: wait for the end of what it started.
        await poller?.result().catch(() => undefined);
      } finally {
        for (const name of names) Reflect.deleteProperty(globalThis, name);
        for (const spy of spies) spy.mockRestore();
      }
      return printed.join('');
    },
    async [Symbol.asyncDispose]() {
      poller?.stop();
      await emulator.stop();
    },
  };
}
