import type {KyInstance} from 'ky';
import {type PollOptions, protocols, schedules} from 'operation-poller';
import type {TurnOptions} from 'operation-poller/runner';
import {kyHttp, plainHttp} from './http.ts';
import type {OptionsPlan, Plan} from './plan.ts';
import type {Wording} from './wordings.ts';
import type {World} from './world.ts';

/** The library's protocol for each wording. */
export const protocolOf: Readonly<Record<Wording, NonNullable<PollOptions['protocol']>>> = {
  longRunning: protocols.longRunning,
  'google.longrunning': protocols.google.longrunning,
  'azure.statusMonitor': protocols.azure.statusMonitor,
  'azure.location': protocols.azure.location,
  'graph.driveCopy': protocols.graph.driveCopy,
};

/** The longer a watch may last, the less it asks: worlds stay small. */
function scheduleOf({schedule, totalTimeout}: OptionsPlan): PollOptions['schedule'] {
  if (schedule === 'default') return undefined;
  const most = Math.max(300, totalTimeout / 25);
  return schedule === 'fixed'
    ? schedules.fixed(most)
    : schedules.exponential({initial: 200, max: 2 * most, jitter: 'equal'});
}

/** What takes the place of ky, or ky itself over the network of the world. */
export function httpOf({plan, network}: World): KyInstance {
  return plan.withKy ? kyHttp(network) : plainHttp(network);
}

/** What the application gives for one operation. */
export function optionsOf({options}: Plan, wording: Wording): PollOptions {
  const {totalTimeout, initialDelay} = options;
  return {...turnOptionsOf(options), protocol: protocolOf[wording], totalTimeout, initialDelay};
}

/** What it gives for all of them. */
export function turnOptionsOf(options: OptionsPlan): PollOptions & TurnOptions {
  const {requestTimeout, notFoundGrace, consecutiveFailures, unknownStatus} = options;
  const {fetchResult, maxRetryAfter, maxResponseSize} = options;
  return {
    schedule: scheduleOf(options),
    requestTimeout,
    notFoundGrace,
    consecutiveFailures,
    unknownStatus,
    fetchResult,
    maxRetryAfter,
    maxResponseSize,
  };
}

type TokenFunction = Extract<NonNullable<PollOptions['token']>, (...given: never[]) => unknown>;

/** The application's own function for tokens, or a token. */
export function tokenOf(world: World, operation: number): NonNullable<PollOptions['token']> {
  const {plan, service, time} = world;
  if (plan.options.token === 'text') return service.token;
  let calls = 0;
  const give: TokenFunction = () => {
    if (world.reaches('token')) return new Promise(() => undefined);
    if (plan.options.token === 'at once') return service.token;
    calls += 1;
    if (plan.options.token === 'failing' && calls % 3 === 0) {
      world.count('token fails');
      const concerned = operation < 0 ? world.facts.map((facts) => facts.operation) : [operation];
      for (const each of concerned) world.happen({is: 'token failed', operation: each});
      throw new Error('no token today');
    }
    return new Promise((resolve) => {
      const answer = (): void => {
        if (!world.reaches('token')) resolve(service.token);
      };
      time.after(plan.latency + 3, answer, 'application');
    });
  };
  return give;
}
