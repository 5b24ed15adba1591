import {checkFunctions} from '../shared/check-options.ts';
import type {DurableHost} from './durable-host.ts';
import type {RecordedJson} from './recorded-json.ts';

/** The parts of a Restate handler's context that are used, whether of a service, an object or a workflow. */
export interface RestateContext {
  run(name: string, action: () => Promise<RecordedJson>): PromiseLike<RecordedJson>;
  sleep(milliseconds: number, name: string): PromiseLike<void>;
  readonly date: {now(): PromiseLike<number>};
  request(): {readonly attemptCompletedSignal: AbortSignal};
}

const checkContext = checkFunctions('the context of a Restate handler', 'run', 'sleep', 'request');

/**
 * Runs a watch on [Restate](https://restate.dev): polls are `ctx.run`, waits are `ctx.sleep`.
 *
 * @param ctx the handler's context, of `@restatedev/restate-sdk` 1.x
 * @throws TypeError where it is none
 *
 * @example
 * ```ts
 * const awaitOperation = async (ctx: restate.WorkflowContext, location: string) => {
 *   const outcome = await watchDurably(restateHost(ctx), location, {token: getToken});
 *   return outcome.status;
 * };
 * ```
 */
export function restateHost(ctx: RestateContext): DurableHost {
  checkContext('ctx', ctx);
  return {
    run: (name, work) => ctx.run(name, work),
    sleep: (name, milliseconds) => ctx.sleep(milliseconds, name),
    now: () => ctx.date.now(),
    signal: ctx.request().attemptCompletedSignal,
  };
}
