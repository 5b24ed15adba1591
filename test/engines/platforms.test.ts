import {execFile} from 'node:child_process';
import {copyFile, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from '@jest/globals';
import {type GraphEmulator, startGraphEmulator} from 'operation-poller/testing';
import {environment} from '../support/packages.ts';
import {findRuntimes} from '../support/runtimes.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

// Before the tests are named, so that they can be skipped.
const {runtimes, missing} = await findRuntimes('the packed package', ['Node', 'Bun', 'Deno']);

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
      {http: 503, retryAfter: 0.1},
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
    const {stdout, stderr} = await run(file, program, {cwd: project, env, timeout: 50_000});

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
