/**
 * Watch an operation inside a workflow engine. No engine is a dependency: each host takes what its engine provides.
 *
 * @module operation-poller/durable
 */

export {type CloudflareStep, cloudflareHost} from './cloudflare-host.ts';
export type {DurableHost} from './durable-host.ts';
export type {DurableOptions, DurableRunOptions} from './durable-options.ts';
export type {RecordedJson} from './recorded-json.ts';
export {type RestateContext, restateHost} from './restate-host.ts';
export {type DurableRun, watchDurably, watchDurablyInRuns} from './watch-durably.ts';
