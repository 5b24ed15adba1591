// Cloudflare's runtime, by miniflare, in a process of its own, which is killed together with it.
import {readFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {createRecord} from 'operation-poller/runner';
import {kitTurnOptions, type RunnerInstanceOptions} from 'operation-poller/testing';
import {answerCalls} from '../../testing/runner-kit/process-runner.ts';
import type {WorkerCall} from './worker.ts';

interface Given {
  /** The folder whose packages have miniflare, which is no dependency. */
  readonly packages: string;
  /** Has `worker.js`, and `workflows`, where they are stored. */
  readonly folder: string;
  /** The workflows that were running in the process before. */
  readonly ids: readonly string[];
  readonly instance: RunnerInstanceOptions;
}

/** The parts of miniflare that are used. */
interface MiniflarePackage {
  readonly Miniflare: new (
    options: object,
  ) => {
    readonly ready: Promise<URL>;
    dispatchFetch(url: string, init: {readonly method: string; readonly body: string}): Promise<Response>;
  };
}

const {packages, folder, ids, instance}: Given = JSON.parse(process.argv[2] ?? '');
const {Miniflare}: MiniflarePackage = createRequire(`${packages}/`)('miniflare');
const {onEnd, token, requestTimeout} = kitTurnOptions(instance);

const miniflare = new Miniflare({
  modules: [{type: 'ESModule', path: 'worker.js', contents: await readFile(join(folder, 'worker.js'), 'utf8')}],
  compatibilityDate: '2026-04-01',
  bindings: {TOKEN: token, POLL_INTERVAL: instance.pollInterval, REQUEST_TIMEOUT: requestTimeout},
  serviceBindings: {
    ON_END: async (request: Request) => {
      const handedOver = await onEnd(JSON.parse(await request.text())).then(
        () => true,
        () => false,
      );
      return new Response(undefined, {status: handedOver ? 204 : 503});
    },
  },
  workflows: {WATCH: {name: 'watch', className: 'Watch'}},
  workflowsPersist: join(folder, 'workflows'),
});

async function call(given: WorkerCall): Promise<void> {
  const response = await miniflare.dispatchFetch('http://worker', {method: 'POST', body: JSON.stringify(given)});
  if (!response.ok) throw new Error(`The worker answered ${response.status}: ${await response.text()}`);
}

await miniflare.ready;
await Promise.all(ids.map((id) => call({recover: id})));
answerCalls({
  // The time budget begins here, not when the workflow does.
  add: (location, options) => call({add: createRecord(location, options)}),
  wake: (key) => call({wake: key}),
});
