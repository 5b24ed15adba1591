import {execFile} from 'node:child_process';
import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals';
import {environment, fetchOrSkip, fetchPackages} from '../support/packages.ts';
import {installPacked} from '../support/packed.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const {devDependencies} = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const packages = [
  ...['jest', '@jest/globals', '@swc/core', '@swc/jest', 'xstate'].map((name) => `${name}@${devDependencies[name]}`),
  ...['ky@2.1.0', 'p-retry@9.0.0', 'is-network-error@1.3.2'],
  ...['ts-jest@29.4.15', 'typescript@5.9.3', '@types/node@22.20.5'],
  ...['@babel/core@7.29.13', '@babel/preset-env@7.29.14', '@babel/preset-typescript@7.29.7'],
  'vitest@4.1.12',
];

const fetched = await fetchOrSkip('the test runners', () => fetchPackages('test-runners-1', packages));

// The tests and the setting stand in docs/testing.md.
const page = await readFile(join(root, 'docs/testing.md'), 'utf8');
const blocks = [...page.matchAll(/^```ts\n(import [\s\S]*?)^```$/gm)].map(([, code = '']) => code);
const [throttledPoll = '', fakeTimers = ''] = blocks.filter((code) => /^test\(/m.test(code));
const setting = /<!-- setting -->\n+```js\n(.*)\n```/.exec(page)?.[1] ?? '';
const jest = ['../node_modules/jest/bin/jest.js'];
const vitest = (code: string): string => code.replaceAll('@jest/globals', 'vitest').replace(/\bjest\b/g, 'vi');

interface Setup {
  readonly name: string;
  readonly type: 'commonjs' | 'module';
  readonly command: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

const jestFiles = {'first.test.ts': throttledPoll, 'second.test.ts': fakeTimers};
const setups: readonly Setup[] = [
  {
    name: 'babel-jest to CommonJS',
    type: 'commonjs',
    command: jest,
    files: {
      ...jestFiles,
      'babel.config.js': `module.exports = {presets: [['@babel/preset-env', {targets: {node: 'current'}}], '@babel/preset-typescript']};`,
      'jest.config.js': `module.exports = {${setting}};`,
    },
  },
  {
    name: '@swc/jest to CommonJS',
    type: 'commonjs',
    command: jest,
    files: {
      ...jestFiles,
      'jest.config.js': `module.exports = {transform: {'\\\\.[jt]s$': '@swc/jest'}, ${setting}};`,
    },
  },
  {
    name: 'ts-jest to CommonJS',
    type: 'commonjs',
    command: jest,
    files: {
      ...jestFiles,
      'jest.config.js': `module.exports = {preset: 'ts-jest/presets/js-with-ts', ${setting}};`,
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          ...{module: 'nodenext', target: 'es2022', strict: true, skipLibCheck: true},
          ...{allowJs: true, isolatedModules: true},
        },
      }),
    },
  },
  {
    name: 'plain jest in a package of ES modules',
    type: 'module',
    command: jest,
    files: {
      ...jestFiles,
      'jest.config.js': `export default {transform: {'\\\\.[jt]s$': '@swc/jest'}, ${setting}};`,
    },
  },
  {
    name: 'jest with --experimental-vm-modules',
    type: 'module',
    command: ['--experimental-vm-modules', ...jest],
    files: {
      ...jestFiles,
      'jest.config.js': `export default {extensionsToTreatAsEsm: ['.ts'], transform: {'\\\\.ts$': '@swc/jest'}};`,
    },
  },
  {
    name: 'Vitest',
    type: 'module',
    command: ['../node_modules/vitest/vitest.mjs', 'run'],
    files: {'first.test.ts': vitest(throttledPoll), 'second.test.ts': vitest(fakeTimers)},
  },
  {
    name: 'node:test',
    type: 'module',
    command: ['--test'],
    files: {'first.test.js': nodeTest(throttledPoll)},
  },
];

/** The test for `node:test`: without types, for Node 20, and with the least of an `expect`. */
function nodeTest(code: string): string {
  return code
    .replace(
      /^import .*@jest\/globals';/m,
      `import assert from 'node:assert/strict';
       import {afterEach, beforeEach, test} from 'node:test';
       const expect = (value) => ({toEqual: (other) => assert.deepEqual(value, other), toBe: (other) => assert.equal(value, other)});`,
    )
    .replace('type GraphEmulator, ', '')
    .replace('let emulator: GraphEmulator', 'let emulator');
}

let installed: Awaited<ReturnType<typeof installPacked>> | undefined;

beforeAll(async () => {
  if (fetched === undefined) return;
  installed = await installPacked(fetched);
}, 120_000);

afterAll(() => installed?.remove());

describe('the complete tests of docs/testing.md', () => {
  const each = fetched === undefined ? test.skip.each(setups) : test.each(setups);
  each(
    'run in $name',
    async ({name, type, command, files}) => {
      const project = join(installed?.folder ?? '', name.replace(/\W+/g, '-'));
      await mkdir(project);
      await writeFile(join(project, 'package.json'), JSON.stringify({private: true, type}));
      for (const [file, text] of Object.entries(files)) await writeFile(join(project, file), text);
      const {CI, NODE_OPTIONS, ...env} = environment;
      const {stdout, stderr} = await run(process.execPath, command, {cwd: project, env: {...env, NO_COLOR: '1'}});
      const passed = /Tests:? +(\d+) passed|^# pass (\d+)$|^ℹ pass (\d+)$/m.exec(stdout + stderr);
      expect(Number(passed?.slice(1).find(Boolean))).toBe(name === 'node:test' ? 1 : 3);
    },
    120_000,
  );
});
