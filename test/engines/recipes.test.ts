import {execFile} from 'node:child_process';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {basename, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals';
import {fetchOrSkip, fetchPackages} from '../support/packages.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = await readFile(join(root, 'docs/engine-recipes.md'), 'utf8');

/** The packages of each engine; the page names the same versions. Cloudflare's come with its runtime's global types. */
const engines = {
  azure: ['durable-functions@3.5.0', '@azure/functions@4.16.5'],
  cloudflare: ['@cloudflare/workers-types@5.20261117.1'],
  dbos: ['@dbos-inc/dbos-sdk@5.3.0'],
  inngest: ['inngest@4.24.0'],
  openworkflow: ['openworkflow@0.10.1'],
  temporal: ['@temporalio/workflow@1.24.0', '@temporalio/activity@1.24.0'],
  // Of the package `workflow`, which brings its compilers for all frameworks, this is what a workflow imports.
  vercel: ['@workflow/core@4.8.9'],
};
const names = Object.keys(engines);

const versionOf = (name: string): string => name.slice(name.lastIndexOf('@') + 1);

// One after the other: some are large. Before the tests are defined, so that they can be skipped.
const caches = new Map<string, string>();
for (const [engine, packages] of Object.entries(engines)) {
  const cache = await fetchOrSkip(`the types of the recipe for ${engine}`, () =>
    fetchPackages(`${engine}-${packages.map(versionOf).join('-')}`, packages),
  );
  if (cache !== undefined) caches.set(engine, cache);
}

/** `<!-- recipe: engine/file.ts -->` before a block says that it is for an engine, and under which name. */
const recipes = [...page.matchAll(/<!-- recipe: ((\w+)\/\S+) -->\n```typescript\n([\s\S]*?)^```$/gm)].map(
  ([, file = '', engine = '', code = '']) => ({file, engine, code}),
);

/** Where the recipes of each engine are compiled: below the folder of its packages, from where they are found. */
const folders = new Map<string, string>();

// The library is taken as it is built, as a user has it: Cloudflare's global types would not do for its source.
beforeAll(async () => {
  for (const [engine, cache] of caches) {
    const folder = await mkdtemp(join(cache, 'recipes-'));
    folders.set(engine, folder);
    await writeFile(join(folder, 'package.json'), JSON.stringify({private: true, type: 'module'}));
    const compilerOptions = {
      rootDir: '/',
      paths: {
        'operation-poller': [join(root, 'dist/index.d.ts')],
        'operation-poller/*': [join(root, 'dist/*/index.d.ts')],
        workflow: [join(cache, 'node_modules/@workflow/core/dist/index.d.ts')],
      },
      noPropertyAccessFromIndexSignature: false, // as in test/docs.test.ts
      ...(engine === 'cloudflare'
        ? {lib: ['ES2023'], types: ['@cloudflare/workers-types']}
        : {typeRoots: [join(root, 'node_modules/@types')]}),
    };
    const config = {extends: join(root, 'test/tsconfig.json'), compilerOptions, include: ['.'], exclude: []};
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  }
  for (const {file, engine, code} of recipes) {
    const folder = folders.get(engine);
    if (folder !== undefined) await writeFile(join(folder, basename(file)), code);
  }
});

afterAll(async () => {
  for (const folder of folders.values()) await rm(folder, {recursive: true, force: true});
});

async function compile(project: string): Promise<string> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const compiled = await promisify(execFile)(process.execPath, [compiler, '-p', project], {cwd: project}).catch(
    (error: {stdout: string}) => error,
  );
  return compiled.stdout;
}

describe('the recipes for engines', () => {
  test('are all checked, against the versions that the page names', () => {
    expect(recipes).toHaveLength([...page.matchAll(/^```typescript$/gm)].length);
    expect([...new Set(recipes.map(({engine}) => engine))].sort()).toEqual(names);
    for (const name of Object.values(engines).flat()) {
      expect(page).toMatch(new RegExp(` ${versionOf(name).replaceAll('.', '\\.')}[ ,]`));
    }
  });

  test.each(names.filter((engine) => caches.has(engine)))('compile with the real package: %s', async (engine) => {
    expect(await compile(folders.get(engine) ?? '')).toBe('');
  });
});
