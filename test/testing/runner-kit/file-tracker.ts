import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {TestedRunner} from 'operation-poller/testing';
import {forkProgram} from './fork-program.ts';
import {processRunner} from './process-runner.ts';

/** A tracker over a folder of its own. */
export async function openFileTracker(): Promise<TestedRunner> {
  const folder = await mkdtemp(join(tmpdir(), 'operation-poller-kit-'));
  return processRunner({
    cannot: {
      severalInstances: 'one tracker at a time uses a store',
      clockAhead: 'there is no second one whose clock could differ',
    },
    fork: (instance) => forkProgram('testing/runner-kit/tracker-process', {folder, instance}),
    stored: () => readFiles(folder),
    remove: () => rm(folder, {recursive: true, force: true}),
  });
}

/** The files of a folder as they are on the disk, because a process has them open. */
export async function readFiles(folder: string): Promise<string> {
  const files = await readdir(folder, {recursive: true});
  // What is no file, or has been removed in the meantime, is not there.
  const texts = files.map((file) => readFile(join(folder, file), 'latin1').catch(() => ''));
  return (await Promise.all(texts)).join('\n');
}
