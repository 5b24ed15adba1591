import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect, test} from '@jest/globals';
import {adaptive} from '../../src/schedule/adaptive.ts';
import {operationOf} from '../support/core.ts';

const urlOf = (path: string): string => new URL(path, import.meta.url).href;

test('processes that add durations at the same time lose none', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'operation-poller-'));
  const path = join(folder, 'learned.json');
  const [processes, each] = [4, 20];
  const end = {elapsed: 60_000, after: 55_000, operation: operationOf('succeeded')};
  const program = `
    import {openLearnedFile} from '${urlOf('../../src/cli/learned-file.ts')}';
    for (let run = 0; run < ${each}; run++) {
      const {schedule, keep} = await openLearnedFile(${JSON.stringify(path)}, undefined);
      schedule.ended(${JSON.stringify(end)});
      await keep();
    }`;
  const loader = fileURLToPath(urlOf('../support/load-typescript.mjs'));
  const children = Array.from({length: processes}, () =>
    spawn(process.execPath, ['--import', loader, '--input-type=module', '--eval', program], {stdio: 'inherit'}),
  );
  const codes = await Promise.all(children.map((child) => once(child, 'close').then(([code]) => code)));
  expect(codes).toEqual(children.map(() => 0));
  const expected = adaptive();
  for (let run = 0; run < processes * each; run++) expected.ended(end);
  const total = ({counts}: {readonly counts: readonly number[]}): number =>
    counts.reduce((sum, count) => sum + count, 0);
  expect(total(JSON.parse(await readFile(path, 'utf8')))).toBeCloseTo(total(expected.toJSON()), 0);
  expect(await readdir(folder)).toEqual(['learned.json']);
  await rm(folder, {recursive: true});
});
