// A Worker of Cloudflare. Each operation is a workflow: the recipe of docs/engine-recipes.md, and a step for onEnd.
import {WorkflowEntrypoint, type WorkflowStep} from 'cloudflare:workers';
import {cloudflareHost, watchDurably} from 'operation-poller/durable';
import type {OperationRecord} from 'operation-poller/runner';

interface Instance {
  status(): Promise<{readonly status: string}>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  sendEvent(event: {readonly type: string; readonly payload: string}): Promise<void>;
}

/** The bindings. */
interface Env {
  readonly TOKEN: string;
  readonly POLL_INTERVAL: number;
  readonly REQUEST_TIMEOUT: number;
  /** Hands an end over; it answers 204 if that has been done. */
  readonly ON_END: {fetch(url: string, init: RequestInit): Promise<Response>};
  readonly WATCH: {
    create(options: {readonly id: string; readonly params: OperationRecord}): Promise<unknown>;
    get(id: string): Promise<Instance>;
  };
}

export class Watch extends WorkflowEntrypoint<Env> {
  async run({payload}: {readonly payload: OperationRecord}, step: WorkflowStep): Promise<string> {
    const {ON_END, TOKEN: token, POLL_INTERVAL, REQUEST_TIMEOUT: requestTimeout} = this.env;
    const {id, key, data, token: place} = payload;
    const waitForWake = (name: string, timeout: number): Promise<boolean> =>
      step.waitForEvent(name, {type: 'changed', timeout}).then(
        () => true,
        (error: unknown) => {
          if (!/timed out/.test(String(error))) throw error;
          return false;
        },
      );
    const outcome = await watchDurably({...cloudflareHost(step), waitForWake}, place, {
      token,
      schedule: () => POLL_INTERVAL,
      requestTimeout,
      fetchResult: true,
    });
    const untilItResolves = {retries: {limit: 100, delay: 200, backoff: 'constant'}} as const;
    await step.do('onEnd', untilItResolves, async () => {
      const body = JSON.stringify({id, key, data, outcome});
      const {ok, status} = await ON_END.fetch('http://on-end', {method: 'POST', body});
      if (!ok) throw new Error(`onEnd answered ${status}`);
    });
    return outcome.status;
  }
}

/** What cloudflare-process.ts asks for. */
export type WorkerCall = {readonly add: OperationRecord} | {readonly wake: string} | {readonly recover: string};

// biome-ignore lint/style/noDefaultExport: the runtime takes it from there.
export default {
  async fetch(request: Request, {WATCH}: Env): Promise<Response> {
    const call: WorkerCall = await request.json();
    if ('add' in call) {
      await WATCH.create({id: call.add.key, params: call.add});
      await untilBegun(WATCH, call.add.key);
    } else if ('wake' in call) await (await WATCH.get(call.wake)).sendEvent({type: 'changed', payload: 'now'});
    else await recover(await WATCH.get(call.recover));
    return new Response();
  },
};

/** The local engine's `create` resolves before anything is stored: a kill would lose the workflow. */
async function untilBegun(WATCH: Env['WATCH'], id: string): Promise<void> {
  for (;;) {
    // There is none at first.
    const status = await WATCH.get(id).then(
      async (instance) => (await instance.status()).status,
      () => 'queued',
    );
    if (status !== 'queued') return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The engine of Cloudflare goes on by itself; the local one has to be asked, and takes a pause for a reason to look. */
async function recover(instance: Instance): Promise<void> {
  const {status} = await instance.status();
  if (['complete', 'errored', 'terminated'].includes(status)) return;
  if (status !== 'paused') await instance.pause();
  await instance.resume();
}
