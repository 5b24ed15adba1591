import {checkFunctions} from '../shared/check-options.ts';
import type {DurableHost} from './durable-host.ts';
import type {RecordedJson} from './recorded-json.ts';

/** The parts of a Cloudflare workflow's `step` that are used. */
export interface CloudflareStep {
  do(name: string, callback: () => Promise<RecordedJson>): Promise<RecordedJson>;
  sleep(name: string, milliseconds: number): Promise<void>;
}

const checkStep = checkFunctions("the second argument of a workflow's run", 'do', 'sleep');

/**
 * Runs a watch on [Cloudflare Workflows](https://developers.cloudflare.com/workflows/): polls are `step.do`, waits are
 * `step.sleep`.
 *
 * @param step the second argument of the workflow's `run`
 * @throws TypeError where it is none
 *
 * @example
 * ```ts
 * export class AwaitOperation extends WorkflowEntrypoint<Env, {location: string}> {
 *   async run(event: WorkflowEvent<{location: string}>, step: WorkflowStep) {
 *     const outcome = await watchDurably(cloudflareHost(step), event.payload.location, {token: () => getToken(this.env)});
 *     return outcome.status;
 *   }
 * }
 * ```
 */
export function cloudflareHost(step: CloudflareStep): DurableHost {
  checkStep('step', step);
  return {
    run: (name, work) => step.do(name, work),
    sleep: (name, milliseconds) => step.sleep(name, milliseconds),
    now: async (name) => Number(await step.do(name, async () => Date.now())),
  };
}
