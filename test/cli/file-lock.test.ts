import {lutimes, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from '@jest/globals';
import {withFileLock} from '../../src/cli/file-lock.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'operation-poller-'));
  path = join(folder, 'sum');
});
afterEach(() => rm(folder, {recursive: true}));

describe('work on a file', () => {
  test('is done by one at a time, and leaves no lock behind', async () => {
    await writeFile(path, '0');
    const addOne = async (): Promise<void> => {
      const sum = Number(await readFile(path, 'utf8'));
      await writeFile(path, String(sum + 1));
    };
    await Promise.all(Array.from({length: 20}, () => withFileLock(path, addOne)));
    expect(await readFile(path, 'utf8')).toBe('20');
    expect(await readdir(folder)).toEqual(['sum']);
  });

  test('that rejects frees the lock', async () => {
    const work = withFileLock(path, () => Promise.reject(new Error('no space')));
    await expect(work).rejects.toThrow('no space');
    expect(await readdir(folder)).toEqual([]);
  });

  test.each([
    ['a process that died with the lock', -60],
    ['a process that died with the lock before the clock was set back', 3600],
  ])('goes on after %s', async (_, seconds) => {
    await writeFile(`${path}.lock`, '');
    const time = Date.now() / 1000 + seconds;
    await utimes(`${path}.lock`, time, time);
    await withFileLock(path, () => writeFile(path, 'done'));
    expect(await readdir(folder)).toEqual(['sum']);
  });

  test('goes on where the lock is a link that leads nowhere', async () => {
    await symlink(join(folder, 'none'), `${path}.lock`);
    const longAgo = Date.now() / 1000 - 60;
    await lutimes(`${path}.lock`, longAgo, longAgo);
    await withFileLock(path, () => writeFile(path, 'done'));
    expect(await readdir(folder)).toEqual(['sum']);
  });

  test('is refused where no lock can be made', async () => {
    await expect(withFileLock(join(folder, 'none', 'a'), async () => {})).rejects.toThrow('ENOENT');
  });
});
