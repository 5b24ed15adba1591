import {execFile} from 'node:child_process';
import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals';
import {fetchOrSkip, fetchPackages} from '../support/packages.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = await readFile(join(root, 'docs/engines.md'), 'utf8');

/** The packages of each engine; the page names the same versions. Cloudflare's come with its runtime's global types. */
const engines = {
  cloudflare: ['@cloudflare/workers-types@5.20261117.1'],
  dbos: ['@dbos-inc/dbos-sdk@5.3.0'],
  inngest: ['inngest@4.24.0'],
  temporal: ['@temporalio/workflow@1.24.0', '@temporalio/activity@1.24.0'],
};
const names = Object.keys(engines);

// The versions name the folder. Before the tests are defined, so that they can be skipped.
const packages = Object.values(engines).flat();
const versions = packages.map((name) => name.slice(name.lastIndexOf('@') + 1)).join('-');
const cache = await fetchOrSkip('the types of the recipes for engines', () =>
  fetchPackages(`engines-${versions}`, packages),
);

/** `<!-- recipe: engine/file.ts -->` before a block says that it is for an engine, and under which name. */
const recipes = [...page.matchAll(/<!-- recipe: ((\w+)\/\S+) -->\n```typescript\n([\s\S]*?)^```$/gm)].map(
  ([, file = '', engine = '', code = '']) => ({file, engine, code}),
);

let folder: string | undefined;

// Below the folder of the packages, from where they are found. The library is taken as it is built, as a user has it:
// Cloudflare's global types would not do for its source.
beforeAll(async () => {
  if (cache === undefined) return;
  folder = await mkdtemp(join(cache, 'recipes-'));
  await writeFile(join(folder, 'package.json'), JSON.stringify({private: true, type: 'module'}));
  for (const engine of names) {
    await mkdir(join(folder, engine));
    const compilerOptions = {
      rootDir: '/',
      paths: {
        'operation-poller': [join(root, 'dist/index.d.ts')],
        'operation-poller/*': [join(root, 'dist/*/index.d.ts')],
      },
      noPropertyAccessFromIndexSignature: false, // as in test/docs.test.ts
      ...(engine === 'cloudflare'
        ? {lib: ['ES2023'], types: ['@cloudflare/workers-types']}
        : {typeRoots: [join(root, 'node_modules/@types')]}),
    };
    const config = {extends: join(root, 'test/tsconfig.json'), compilerOptions, include: ['.'], exclude: []};
    await writeFile(join(folder, engine, 'tsconfig.json'), JSON.stringify(config));
  }
  for (const {file, code} of recipes) await writeFile(join(folder, file), code);
});

afterAll(async () => {
  if (folder !== undefined) await rm(folder, {recursive: true, force: true});
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
    for (const version of new Set(packages.map((name) => name.slice(name.lastIndexOf('@') + 1)))) {
      expect(page).toContain(` ${version} `);
    }
  });

  (cache === undefined ? test.skip : test).each(names)('compile with the real package: %s', async (engine) => {
    expect(await compile(join(folder ?? '', engine))).toBe('');
  });
});
