// Watching an operation inside a workflow engine. No engine is a dependency: each host takes what its engine hands out.
export {type CloudflareStep, cloudflareHost} from './cloudflare-host.ts';
export type {DurableHost, RecordedJson} from './durable-host.ts';
export {type RestateContext, restateHost} from './restate-host.ts';
export {
  type DurableOptions,
  type DurableRun,
  type DurableRunOptions,
  watchDurably,
  watchDurablyInRuns,
} from './watch-durably.ts';
