// The service of restate.test.ts: a program of its own, so that it can be killed. Node 24 runs it as it stands.
import {createServer} from 'node:http2';
import {createEndpointHandler, service, type WorkflowContext, workflow} from '@restatedev/restate-sdk';
import {restateHost, watchDurably, watchDurablyInRuns} from '../../../src/durable/index.ts';
import type {ResumeToken} from '../../../src/operation/resume-token.ts';
import * as schedules from '../../../src/schedule/schedules.ts';

const port = Number(process.argv[2]);
const options = {token: () => 'test-token', schedule: schedules.fixed(600), requestTimeout: 30_000};
const retryPolicy = {initialInterval: 50, maxInterval: 200};

/** A handler returns JSON, which an error is not. */
interface Ended {
  readonly status: string;
  readonly attempts: number;
}

const operation = workflow({
  name: 'operation',
  handlers: {
    run: async (ctx: WorkflowContext, {location}: {readonly location: string}): Promise<Ended> => {
      let attempts = 0;
      const outcome = await watchDurably(restateHost(ctx), location, {
        ...options,
        onEvent: ({attempt}) => {
          attempts = attempt;
        },
      });
      return {status: outcome.status, attempts};
    },
  },
  options: {retryPolicy},
});

type Place = string | ResumeToken;

const parts = service({
  name: 'part',
  handlers: {
    watch: async (ctx, {place}: {readonly place: Place}) => {
      const run = await watchDurablyInRuns(restateHost(ctx), place, {...options, pollsPerRun: 2});
      return 'continueWith' in run ? {continueWith: run.continueWith} : {status: run.outcome.status};
    },
  },
  options: {retryPolicy},
});

/** A long operation: each part has a journal of its own, and the workflow's grows by one call for each. */
const long = workflow({
  name: 'long',
  handlers: {
    run: async (ctx: WorkflowContext, {location}: {readonly location: string}): Promise<Ended> => {
      let place: Place = location;
      for (let attempts = 1; ; attempts++) {
        const part: {readonly continueWith: ResumeToken} | {readonly status: string} = await ctx
          .serviceClient(parts)
          .watch({place});
        if ('status' in part) return {status: part.status, attempts};
        place = part.continueWith;
      }
    },
  },
  options: {retryPolicy},
});

// Killing the server is part of the tests; what the SDK has to say of it is not.
const handler = createEndpointHandler({services: [operation, parts, long], logger: () => {}});
createServer(handler).listen(port, '127.0.0.1', () => {
  console.log('listening');
});
