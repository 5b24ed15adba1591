import {execFile} from 'node:child_process';
import {cp, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join, posix} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = join(root, 'node_modules/typescript/bin/tsc');

// What npm passes to its scripts about this project, or was given to run these tests with (`npm exec --package --call`), must
// not reach the npm that works in another one.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(config_(local_prefix|package|call|yes)$|lifecycle|package)/.test(name),
  ),
);

interface Packed {
  readonly filename: string;
  readonly files: readonly {readonly path: string}[];
}

let project: string;
let packed: Packed;

// `npm test` builds before it runs the tests. The package is packed as it would be published and installed with its
// dependencies, by npm, into an empty project.
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'operation-poller-package-'));
  const pack = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], {
    cwd: root,
    env: environment,
  });
  [packed] = JSON.parse(pack.stdout) as [Packed];
  await cp(join(root, 'test/package/consumer'), project, {recursive: true});
  await writeFile(join(project, 'package.json'), JSON.stringify({private: true, type: 'module'}));
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${packed.filename}`], {
    cwd: project,
    env: environment,
  });
}, 120_000);

/** The declarations that one imports, by their paths in the package. */
async function importsOf(path: string): Promise<readonly string[]> {
  const text = await readFile(join(root, path), 'utf8');
  const imported = text.matchAll(/(?:from|import\() ?["'](\.[^"']+)\.[jt]s["']/g);
  return [...imported].map(([, module]) => `${posix.join(posix.dirname(path), module ?? '')}.d.ts`);
}

afterAll(() => rm(project, {recursive: true, force: true}));

describe('the packed package', () => {
  test('holds the library in few files, its declarations and its documents, and nothing else', async () => {
    const {exports} = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      exports: Record<string, {default: string; types: string}>;
    };
    const files = packed.files.map(({path}) => path);
    const declarations = Object.values(exports).map(({types}) => posix.normalize(types));
    for (const path of declarations) {
      for (const imported of await importsOf(path)) if (!declarations.includes(imported)) declarations.push(imported);
    }
    const documents = (await readdir(join(root, 'docs'), {recursive: true}))
      .map((path) => `docs/${path.replaceAll('\\', '/')}`)
      .filter((path) => /\.\w+$/.test(path) && !/\.(?:png|svg)$/.test(path));
    const entries = [
      ...Object.values(exports).map((entry) => entry.default.replace('./', '')),
      'dist/cli/main.js',
      'dist/testing/console/browser/page.js',
      'dist/protocol/protocols.js',
      'dist/schedule/schedules.js',
    ];
    const chunks = files.filter((path) => /^dist\/chunks\/[\w-]+\.js$/.test(path));
    const expected = [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'package.json',
      'dist/cli/LICENSES.txt',
      ...declarations,
      ...entries,
      ...chunks,
      ...documents,
    ];
    expect(files.sort()).toEqual(expected.sort());
  });

  test('declares what is exported with its docstring, in one file for each entry and chunks for what they share', async () => {
    const declarations = packed.files.map(({path}) => path).filter((path) => path.endsWith('.d.ts'));
    expect(declarations.length).toBeLessThan(25);
    const texts = await Promise.all(declarations.map((path) => readFile(join(root, path), 'utf8')));
    const exported = texts.flatMap((text) => [
      ...text.matchAll(
        /^( \*\/|.*\*\/)?\n?^export (?:declare )?(?:abstract )?(?:class|const|function|interface|type) (\w+)/gm,
      ),
    ]);
    expect(exported.length).toBeGreaterThan(100);
    expect(exported.flatMap(([, docstring, name]) => (docstring === undefined ? [name] : []))).toEqual([]);
  });

  test('brings its dependencies and its peer, and no more', async () => {
    const installed = await readdir(join(project, 'node_modules'));
    expect(installed.filter((name) => !name.startsWith('.')).sort()).toEqual([
      'is-network-error',
      'ky',
      'operation-poller',
      'p-retry',
      'xstate',
    ]);
  });

  test('has code that can be read without a source map', async () => {
    const library = join(project, 'node_modules/operation-poller');
    const paths = packed.files.map((file) => file.path).filter((path) => path.endsWith('.js'));
    const texts = await Promise.all(paths.map((path) => readFile(join(library, path), 'utf8')));
    // The name of each source stands above its code.
    const sources = texts.flatMap((text) => [...text.matchAll(/^\/\/ src\/(.+\.ts)$/gm)].map(([, source]) => source));
    expect(sources).toEqual(expect.arrayContaining(['polling/step.ts', 'machine/machine.ts', 'tracker/tracker.ts']));
    expect(texts.filter((text) => text.includes('sourceMappingURL='))).toEqual([]);
    // The names that the files share are on one line in each.
    const lines = texts.flatMap((text) => text.split('\n')).filter((line) => !/^(?:import|export) \{/.test(line));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(2000);
  });

  test('brings the licences of what is bundled with the command', async () => {
    const licenses = await readFile(join(project, 'node_modules/operation-poller/dist/cli/LICENSES.txt'), 'utf8');
    for (const name of ['commander', '@clack/prompts', '@clack/core', 'sisteransi', 'fast-wrap-ansi']) {
      expect(licenses).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\n\n`, 'm'));
    }
  });

  test('watches an operation in an ES module', async () => {
    const {stdout, stderr} = await run(process.execPath, ['watch.mjs'], {cwd: project, env: environment});
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({id: 'x', status: 'succeeded', asked: 3});
  });

  test('serves the console with its modules, as they are installed', async () => {
    const {stdout, stderr} = await run(process.execPath, ['console.mjs'], {cwd: project, env: environment});
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      problems: [],
      statuses: {'operation-poller': 200, ky: 200, 'p-retry': 200, 'is-network-error': 200, xstate: 200, page: 200},
    });
  });

  test('names the optional packages that are missing, once they are needed', async () => {
    const {stdout} = await run(process.execPath, ['node.mjs'], {cwd: project, env: environment});
    expect(JSON.parse(stdout)).toEqual([
      'leanHttp: the package undici is not installed: npm install undici',
      'fileStore: the package classic-level is not installed: npm install classic-level',
    ]);
  });

  test('has a command', async () => {
    const command = (...args: readonly string[]) =>
      run(join(project, 'node_modules/.bin/operation-poller'), args, {cwd: project, env: environment});
    const help = await run('npx', ['--no-install', 'operation-poller', '--help'], {cwd: project, env: environment});
    expect(help.stdout).toContain('Usage: operation-poller');
    expect((await command('protocols')).stdout).toMatch(/^graph\.driveCopy /m);
    await expect(command('watch')).rejects.toMatchObject({code: 2});
  });

  test('can be required from CommonJS', async () => {
    const {stdout} = await run(process.execPath, ['require.cjs'], {cwd: project, env: environment});
    expect(JSON.parse(stdout)).toEqual({
      pollOperation: 'function',
      createOperationClient: 'function',
      createGraphClient: 'function',
      startGraphEmulator: 'function',
      same: true,
    });
  });

  test.each([
    ['node16', 'watch.ts'],
    ['node16', 'emulate.ts'],
    ['node16', 'track.ts'],
    ['bundler', 'watch.ts'],
    ['bundler', 'emulate.ts'],
    ['bundler', 'track.ts'],
  ])('compiles in TypeScript with moduleResolution %s: %s', async (moduleResolution, program) => {
    const module = moduleResolution === 'bundler' ? 'esnext' : 'node16';
    const config = `tsconfig.${moduleResolution}.${program}.json`;
    await writeFile(
      join(project, config),
      JSON.stringify({extends: './tsconfig.json', compilerOptions: {module, moduleResolution}, files: [program]}),
    );
    const compiled = await run(process.execPath, [compiler, '-p', config], {cwd: project, env: environment}).catch(
      (error: {stdout: string}) => error,
    );
    expect(compiled.stdout).toBe('');
  });
});
