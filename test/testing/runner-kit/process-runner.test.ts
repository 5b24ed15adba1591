import {spawn} from 'node:child_process';
import {expect, test} from '@jest/globals';
import {openFileTracker} from './file-tracker.ts';
import {processRunner} from './process-runner.ts';

const instance = {
  token: 'test-token',
  endsUrl: 'http://127.0.0.1:1',
  pollInterval: 60_000,
  requestTimeout: 1000,
  lease: 1000,
  clockAhead: 0,
};
const options = {key: 'a', data: undefined, totalTimeout: undefined};

test('what an instance cannot do rejects with its reason, and ends no instance', async () => {
  const runner = await openFileTracker();
  try {
    await runner.start(instance);
    await expect(runner.add('no URL', options)).rejects.toThrow(/^The instance threw TypeError.*location/);
    await runner.add('http://127.0.0.1:1/a', options);
    expect(await runner.stored?.()).toContain('http://127.0.0.1:1/a');
  } finally {
    await runner.close();
  }
});

test('an instance that ends while it is asked says with what', async () => {
  const program = "process.on('message', () => process.exit(7)); process.send('ready')";
  const runner = processRunner({
    fork: () =>
      spawn(process.execPath, ['-e', program], {detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc']}),
    remove: async () => {},
  });
  try {
    await runner.start(instance);
    await expect(runner.add('http://127.0.0.1:1/a', options)).rejects.toThrow('The instance has ended with 7');
  } finally {
    await runner.close();
  }
});
