// Puts each bug of bugs.ts back, in a copy of src outside of the repository, and counts the seeds until the simulation finds it:
// `npm run simulate:bugs`, or with a part of a name for some of them: `npm run simulate:bugs -- gate`. What comes after the
// part, such as `'' --without jump`, goes to the simulation.
import {execFileSync, spawnSync} from 'node:child_process';
import {cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {type Bug, bugs} from './bugs.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const mostSeeds = 20_000;

const [part = '', ...passedOn] = process.argv.slice(2);
const copy = mkdtempSync(join(tmpdir(), 'simulation-'));
try {
  for (const name of ['package.json', 'tsconfig.json', 'src'])
    cpSync(join(root, name), join(copy, name), {recursive: true});
  cpSync(join(root, 'build/test/simulation'), join(copy, 'build/test/simulation'), {recursive: true});
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  console.log('| bug put back | seeds until found | by |\n|---|---|---|');
  for (const bug of bugs) if (bug.name.includes(part)) console.log(`| ${bug.name} | ${find(bug)} |`);
} finally {
  rmSync(copy, {recursive: true});
}

function find({file, search, replace}: Bug): string {
  const path = join(copy, 'src', file);
  const before = readFileSync(path, 'utf8');
  const pieces = before.split(search);
  if (pieces.length !== 2) return `there ${pieces.length - 1} times: bugs.ts needs a new text | `;
  writeFileSync(path, pieces.join(replace));
  try {
    // What is left unused does not matter here.
    const options = ['--noUnusedLocals', 'false', '--noUnusedParameters', 'false', '--outDir', 'dist'];
    execFileSync(join(root, 'node_modules/.bin/tsc'), options, {cwd: copy, stdio: 'pipe'});
    const simulation = join(copy, 'build/test/simulation/index.js');
    const {stdout} = spawnSync(process.execPath, [simulation, '--seeds', String(mostSeeds), ...passedOn], {
      cwd: copy,
      encoding: 'utf8',
    });
    const found = /^seed (\d+) violates (\w+)/m.exec(stdout);
    return found === null ? 'not found | ' : `${Number(found[1]) + 1} | ${found[2]}`;
  } catch (error) {
    return `${String(error).slice(0, 80)} | `;
  } finally {
    writeFileSync(path, before);
  }
}
