import {execFile} from 'node:child_process';
import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals';
import {environment, fetchOrSkip, fetchPackages} from '../support/packages.ts';
import {installPacked} from '../support/packed.ts';
import {findRuntimes} from '../support/runtimes.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const {devDependencies} = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const packages = [
  ...['undici', 'xstate'].map((name) => `${name}@${devDependencies[name]}`),
  ...['ky@2.1.0', 'p-retry@9.0.0', 'is-network-error@1.3.2'],
  '@microsoft/microsoft-graph-client@3.0.7',
  ...['@microsoft/msgraph-sdk@1.0.0-preview.90', '@microsoft/msgraph-sdk-users@1.0.0-preview.90'],
  ...['@microsoft/kiota-abstractions', '@microsoft/kiota-http-fetchlibrary'].map((name) => `${name}@1.0.0-preview.109`),
  ...['msw@3.0.5', 'nock@15.0.6'],
];

const fetched = await fetchOrSkip('clients and mocks of others', () => fetchPackages('clients-1', packages));
// What msw and nock ask for.
const {runtimes} = await findRuntimes('tests with msw and nock', ['Node 22']);
const node = runtimes.find(({name}) => name.startsWith('Node 22'));

/** The programs of a page, each after its `<!-- program: name -->`. */
async function programsOf(page: string) {
  const text = await readFile(join(root, 'docs', page), 'utf8');
  const blocks = text.matchAll(/^<!-- program: (\S+) -->\n+```js\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, name = '', code = '']) => ({page, name, code}));
}

const programs = [...(await programsOf('testing-clients.md')), ...(await programsOf('mocking.md'))];
/** How many tests each has. */
const tests: Readonly<Record<string, number>> = {
  '@microsoft/microsoft-graph-client': 4,
  '@microsoft/msgraph-sdk': 4,
  msw: 1,
  nock: 2,
};

let installed: Awaited<ReturnType<typeof installPacked>> | undefined;

beforeAll(async () => {
  if (fetched !== undefined) installed = await installPacked(fetched);
}, 120_000);

afterAll(() => installed?.remove());

/** Runs a program of `node:test`; gives how many of its tests passed. */
async function passedTests(name: string, code: string): Promise<number> {
  const project = join(installed?.folder ?? '', name.replace(/\W+/g, '-'));
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{"private": true, "type": "module"}');
  await writeFile(join(project, 'program.test.js'), code);
  const {NODE_OPTIONS, ...env} = environment;
  const {stdout} = await run(node?.file ?? '', ['--test', '--test-reporter=tap'], {cwd: project, env});
  return Number(/^# pass (\d+)$/m.exec(stdout)?.[1]);
}

describe('with the programs of others', () => {
  const runs = fetched === undefined || node === undefined ? test.skip : test;

  test('the docs have one for each', () => {
    expect(programs.map(({name}) => name)).toEqual(Object.keys(tests));
  });

  runs.each(programs)(
    '$page: the tests with $name pass',
    async ({name, code}) => {
      expect(await passedTests(name, code)).toBe(tests[name]);
    },
    120_000,
  );

  runs(
    'docs/mocking.md: msw does not see the requests of leanHttp',
    async () => {
      const {code = ''} = programs.find(({name}) => name === 'msw') ?? {};
      const lean = code
        .replace(
          "from 'operation-poller';",
          "from 'operation-poller';\nimport {leanHttp} from 'operation-poller/node';",
        )
        .replace("{token: 'test-token'", "{http: leanHttp(), token: 'test-token', totalTimeout: 2000")
        .replace("assert.equal((await poller.result()).status, 'succeeded');", '')
        .replace(
          "assert.deepEqual(sent, Array(3).fill('Bearer test-token'));",
          'await poller.outcome(); assert.deepEqual(sent, []);',
        );
      expect(await passedTests('msw with leanHttp', lean)).toBe(1);
    },
    120_000,
  );
});
