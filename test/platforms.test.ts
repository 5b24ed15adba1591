import {execFile} from 'node:child_process';
import {copyFile, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from '@jest/globals';
import {type GraphEmulator, startGraphEmulator} from 'operation-poller/testing';
import {environment, fetchPackages} from './support/packages.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

/** A program that runs JavaScript. */
interface Runtime {
  readonly name: string;
  /** Its executable. */
  readonly file: string;
  /** What comes before the program's own arguments. */
  readonly before: readonly string[];
}

/** One that is not here: the package of npm with its executable for this machine, and where that is in the package. */
interface Fetched {
  readonly name: string;
  readonly package: string;
  readonly version: string;
  readonly executable: string;
  readonly before?: readonly string[];
}

// docs/platforms.md names the same versions. Bun's baseline runs on processors without AVX2 as well.
const x64 = process.arch === 'x64';
const node = `node-linux-${process.arch}`;
const elsewhere: readonly Fetched[] = [
  {name: 'Node 22.23.3', package: node, version: '22.23.3', executable: 'bin/node'},
  {name: 'Node 24.21.0', package: node, version: '24.21.0', executable: 'bin/node'},
  {
    name: 'Bun 1.4.5',
    package: x64 ? '@oven/bun-linux-x64-baseline' : '@oven/bun-linux-aarch64',
    version: '1.4.5',
    executable: 'bin/bun',
  },
  {
    name: 'Deno 2.9.6',
    package: `@deno/linux-${process.arch}-glibc`,
    version: '2.9.6',
    executable: 'deno',
    // Nothing is allowed but the service: the program would end if the library read anything else of the machine.
    before: ['run', '--quiet', '--no-prompt', '--cached-only', '--node-modules-dir=manual', '--allow-net=127.0.0.1'],
  },
];

// Before the tests are named, so that they can be skipped. One after the other: each is a large file.
const runtimes: Runtime[] = [{name: `this Node, ${process.version}`, file: process.execPath, before: []}];
const missing: string[] = [];
for (const {name, package: source, version, executable, before = []} of elsewhere) {
  try {
    const cache = await fetchPackages(`runtime-${name.toLowerCase().replace(' ', '-')}`, [`${source}@${version}`]);
    runtimes.push({name, file: join(cache, 'node_modules', source, executable), before});
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    console.warn(`SKIPPED: the packed package on ${name}; npm could not fetch ${source}:`, error);
    missing.push(name);
  }
}

let project: string;
let emulator: GraphEmulator;

// `npm test` builds before it runs the tests. The package is packed as it would be published and installed with its
// dependencies into an empty project, once for all.
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'operation-poller-platforms-'));
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', project];
  const {stdout} = await run('npm', pack, {cwd: root, env: environment});
  const [packed] = JSON.parse(stdout) as [{filename: string}];
  await copyFile(join(root, 'test/package/consumer/platform.mjs'), join(project, 'platform.mjs'));
  await writeFile(join(project, 'package.json'), JSON.stringify({private: true, type: 'module'}));
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${packed.filename}`];
  await run('npm', install, {cwd: project, env: environment});
}, 120_000);

afterAll(() => rm(project, {recursive: true, force: true}));

beforeEach(async () => {
  emulator = await startGraphEmulator({token: 'test-token'});
});

afterEach(() => emulator.stop());

describe('the packed package', () => {
  test.each(runtimes)('watches, resumes, emits and fails the same on $name', async ({file, before}) => {
    const succeeds = [
      'notStarted',
      {http: 503, retryAfter: 0},
      'running',
      {status: 'succeeded', detail: 'ResetSuccess'},
    ];
    const ends = emulator.addOperation({script: succeeds});
    const moves = emulator.addOperation({script: [{redirect: ends.location}]});
    const stops = emulator.addOperation({script: ['running', 'succeeded']});
    const fails = emulator.addOperation({script: [{status: 'failed', detail: 'PolicyViolation'}]});
    const resets = emulator.addOperation({script: [{fault: 'reset'}]});
    const hangs = emulator.addOperation({script: [{fault: 'hang'}]});
    const operations = {ends, moves, stops, fails, resets, hangs};
    const locations = Object.entries(operations).map(([name, {location}]) => [name, location]);

    // Its cache would otherwise go into the home directory of whoever runs the tests.
    const env = {...environment, DENO_DIR: join(project, 'deno'), DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1'};
    const program = [...before, 'platform.mjs', JSON.stringify(Object.fromEntries(locations))];
    const {stdout, stderr} = await run(file, program, {cwd: project, env, timeout: 15_000});

    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      emitted: [
        ...['polled', 'notStarted', 'waiting', 'retrying: http', 'waiting', 'polled', 'running', 'waiting'],
        ...['polled', 'succeeded'],
      ],
      iterated: ['notStarted', 'running', 'succeeded'],
      statusDetail: 'ResetSuccess',
      moved: 'succeeded',
      stopped: {class: 'WatchAbortedError', cause: 'enough', status: 'running'},
      resumed: 'succeeded',
      failed: {class: 'OperationFailedError', statusDetail: 'PolicyViolation'},
      lost: {class: 'UnreachableError', cause: 'network'},
      late: {class: 'UnreachableError', cause: 'timeout'},
    });
    expect(emulator.requests.every(({headers}) => headers['authorization'] === 'Bearer test-token')).toBe(true);
    await emulator.idle();
    expect(hangs.requests.map(({aborted}) => aborted)).toEqual([true, true]);
  });

  if (missing.length > 0) test.todo(`watches on ${missing.join(', ')}, which npm could not fetch`);
});
