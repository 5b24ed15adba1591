import type {ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {TestedRunner} from 'operation-poller/testing';
import {forkProgram, killChild} from './fork-program.ts';
import type {TrackerCall} from './tracker-process.ts';

/** A tracker over a folder of its own. Its instance is a process, which is told what to add. */
export async function openFileTracker(): Promise<TestedRunner> {
  const folder = await mkdtemp(join(tmpdir(), 'operation-poller-kit-'));
  let child: ChildProcess | undefined;
  let calls = 0;
  const end = async (): Promise<void> => {
    const ending = child;
    child = undefined;
    if (ending !== undefined) await killChild(ending);
  };
  const call = (make: (number: number) => TrackerCall): Promise<void> =>
    new Promise((resolve, reject) => {
      const callee = child;
      if (callee === undefined) return reject(new Error('There is no tracker to call'));
      calls += 1;
      const number = calls;
      const settle = (settleIt: () => void) => (): void => {
        callee.off('message', onMessage).off('exit', onExit);
        settleIt();
      };
      const onExit = settle(() => reject(new Error('The tracker has ended')));
      const onReply = settle(resolve);
      const onMessage = (message: unknown): void => {
        if (message === number) onReply();
      };
      callee.on('message', onMessage).on('exit', onExit);
      callee.send(make(number));
    });
  return {
    cannot: {
      severalInstances: 'one tracker at a time uses a store',
      clockAhead: 'there is no second one whose clock could differ',
    },
    start: async (instance) => {
      child = forkProgram('tracker-process', {folder, instance});
      await once(child, 'message');
      return {kill: end};
    },
    add: (location, options) => call((number) => ({number, add: location, options})),
    wake: (key) => call((number) => ({number, wake: key})),
    // As they are on the disk, because the process has the database open.
    stored: async () => {
      const files = await readdir(folder);
      // LevelDB may have removed a file in the meantime.
      const texts = files.map((file) => readFile(join(folder, file), 'latin1').catch(() => ''));
      return (await Promise.all(texts)).join('\n');
    },
    close: async () => {
      await end();
      await rm(folder, {recursive: true, force: true});
    },
  };
}
