// A service of Restate in a process of its own, which is killed. Each operation is a workflow: the recipe of docs/engines.md, and a step for
// onEnd. Restate's server is another process, which goes on.
import {once} from 'node:events';
import {createServer} from 'node:http2';
import {
  createEndpointHandler,
  TimeoutError,
  type WorkflowContext,
  type WorkflowSharedContext,
  workflow,
} from '@restatedev/restate-sdk';
import {restateHost, watchDurably} from 'operation-poller/durable';
import {createRecord, type OperationRecord} from 'operation-poller/runner';
import {kitTurnOptions, type RunnerInstanceOptions} from 'operation-poller/testing';
import {answerCalls} from '../../testing/runner-kit/process-runner.ts';

interface Given {
  /** The name of the workflow, which no other runner on the server has. */
  readonly name: string;
  readonly port: number;
  readonly ingress: string;
  readonly admin: string;
  readonly instance: RunnerInstanceOptions;
}

const {name, port, ingress, admin, instance}: Given = JSON.parse(process.argv[2] ?? '');
const {onEnd, ...pollOptions} = kitTurnOptions(instance);

const watch = workflow({
  name,
  handlers: {
    run: async (ctx: WorkflowContext, {id, key, data, token}: OperationRecord): Promise<string> => {
      const waitForWake = (wait: string, milliseconds: number): Promise<boolean> => {
        ctx.set('wait', wait);
        return ctx
          .promise(wait)
          .get()
          .orTimeout(milliseconds)
          .then(
            () => true,
            (error: unknown) => {
              if (error instanceof TimeoutError) return false;
              throw error;
            },
          );
      };
      const outcome = await watchDurably({...restateHost(ctx), waitForWake}, token, pollOptions);
      // Repeated until it resolves.
      await ctx.run('onEnd', () => onEnd({id, key, data, outcome}));
      return outcome.status;
    },
    wake: async (ctx: WorkflowSharedContext): Promise<void> => {
      const wait = await ctx.get<string>('wait');
      // A wait that a hint has ended takes no second one.
      const wasWoken = wait === null || (await ctx.promise<true>(wait).peek()) !== undefined;
      if (!wasWoken) await ctx.promise<true>(wait).resolve(true);
    },
  },
  options: {retryPolicy: {initialInterval: 50, maxInterval: 200}},
});

async function post(url: string, body?: unknown): Promise<void> {
  const headers = {'content-type': 'application/json'};
  const response = await fetch(url, {
    method: 'POST',
    ...(body === undefined ? {} : {headers, body: JSON.stringify(body)}),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
}

const server = createServer(createEndpointHandler({services: [watch], logger: () => {}}));
server.listen(port, '127.0.0.1');
await once(server, 'listening');
// It is there already after a kill.
await post(`${admin}/deployments`, {uri: `http://127.0.0.1:${port}`});
answerCalls({
  // The time budget begins here, not when the workflow does.
  add: (location, options) =>
    post(`${ingress}/${name}/${encodeURIComponent(options.key)}/run/send`, createRecord(location, options)),
  wake: (key) => post(`${ingress}/${name}/${encodeURIComponent(key)}/wake`),
});
