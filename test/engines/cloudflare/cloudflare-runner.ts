import {execFile} from 'node:child_process';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import type {TestedRunner} from 'operation-poller/testing';
import {fetchPackages} from '../../support/packages.ts';
import {readFiles} from '../../testing/runner-kit/file-tracker.ts';
import {forkProgram, programFile} from '../../testing/runner-kit/fork-program.ts';
import {processRunner} from '../../testing/runner-kit/process-runner.ts';

const run = promisify(execFile);
// The tests and `npm run runners` work in the folder of the project.
const root = process.cwd();
const bundler = join(root, 'node_modules/rolldown/bin/cli.mjs');

/** The version that is tested: the newest that runs on every Node on which the tests do. docs/engine-recipes.md names it too. */
const miniflare = '4.20260426.0';

/** What it takes to run a Worker. */
export interface CloudflareTools {
  /** The folder whose packages have miniflare. */
  readonly packages: string;
  /** The Worker's code. */
  readonly worker: string;
}

/** Fetches miniflare by npm, which brings the runtime, and bundles the Worker. */
export async function fetchCloudflare(): Promise<CloudflareTools> {
  const packages = await fetchPackages(`miniflare-${miniflare}`, [`miniflare@${miniflare}`]);
  return {packages, worker: await bundleWorker()};
}

/** Bundles the Worker in a process of its own: in jest's a native bundler does not recognize its options. */
async function bundleWorker(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'operation-poller-worker-'));
  const file = join(folder, 'worker.js');
  const options = [
    '--format',
    'esm',
    '--platform',
    'browser',
    '--external',
    'cloudflare:workers',
    '--no-codeSplitting',
  ];
  try {
    await run(process.execPath, [bundler, programFile('engines/cloudflare/worker'), ...options, '--file', file], {
      cwd: root,
    });
    return await readFile(file, 'utf8');
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}

/** Cloudflare Workflows on the local runtime, in a folder of its own. */
export async function openCloudflare({packages, worker}: CloudflareTools): Promise<TestedRunner> {
  const folder = await mkdtemp(join(tmpdir(), 'operation-poller-cloudflare-'));
  await writeFile(join(folder, 'worker.js'), worker);
  const ids: string[] = [];
  const {add, ...runner} = processRunner({
    cannot: {
      severalInstances: 'one process at a time uses the local store',
      clockAhead: 'there is no second instance whose clock could differ',
    },
    fork: (instance) => forkProgram('engines/cloudflare/cloudflare-process', {packages, folder, ids, instance}),
    stored: () => readFiles(join(folder, 'workflows')),
    remove: () => rm(folder, {recursive: true, force: true}),
  });
  return {
    ...runner,
    add: async (location, options) => {
      await add(location, options);
      ids.push(options.key);
    },
  };
}
