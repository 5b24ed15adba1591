import type {KyInstance} from 'ky';
import {type PollOptions, protocols, schedules} from 'operation-poller';
import {createOperationClient, type OperationClient} from 'operation-poller/client';
import {createGraphClient, type GraphClient} from 'operation-poller/graph';
import type {TurnOptions} from 'operation-poller/runner';
import type {CancelForm} from './cancels.ts';
import {kyHttp, plainHttp} from './http.ts';
import type {OperationPlan, OptionsPlan, Plan} from './plan.ts';
import {home, ownWaitField, ownWaitHeader} from './service.ts';
import type {Wording} from './wordings.ts';
import type {World} from './world.ts';

type Protocol = NonNullable<PollOptions['protocol']>;

/** The library's protocol for each wording. */
const presets: Readonly<Record<Wording, Protocol>> = {
  longRunning: protocols.longRunning,
  'google.longrunning': protocols.google.longrunning,
  'azure.statusMonitor': protocols.azure.statusMonitor,
  'azure.location': protocols.azure.location,
  'graph.driveCopy': protocols.graph.driveCopy,
};

/** Where a key goes that is no bearer token. */
const keys = {header: {header: 'x-api-key'}, scheme: {header: 'authorization', scheme: 'Key'}} as const;

const wordingNames = Object.keys(presets) as Wording[];

/** The same protocols for each way to send the token. A copy's monitor needs none. */
const byKey: Readonly<Record<Plan['key'], Readonly<Record<Wording, Protocol>>>> = {
  bearer: presets,
  header: withKey('header'),
  scheme: withKey('scheme'),
};

/** How operations are canceled. */
const cancelRequests = {
  DELETE: {method: 'DELETE'},
  suffix: {method: 'POST', suffix: '/cancel'},
  link: {method: 'PUT', at: '/links/cancel', body: {state: 'canceled'}},
  'link abroad': {method: 'PUT', at: '/links/cancel', body: {state: 'canceled'}},
} as const satisfies Record<Exclude<CancelForm, 'preset'>, NonNullable<Protocol['cancel']>>;

/** Where services say how long to wait. */
const waitPlaces = {
  header: {header: ownWaitHeader, unit: 's'},
  body: {at: `/${ownWaitField}`, unit: 's'},
} as const satisfies Record<Exclude<Plan['waitsIn'], 'Retry-After'>, NonNullable<Protocol['retryAfter']>>;

/** The protocols that differ from others in one field, by their names. */
const derived = new Map<string, Protocol>();

function derive(
  protocol: Protocol,
  how: string,
  field: Pick<Protocol, 'cancel'> | Pick<Protocol, 'retryAfter'>,
): Protocol {
  const name = `${protocol.name}, ${how}`;
  const known = derived.get(name);
  if (known !== undefined) return known;
  const defined = protocols.define({...protocol, name, ...field});
  derived.set(name, defined);
  return defined;
}

function withKey(key: keyof typeof keys): Readonly<Record<Wording, Protocol>> {
  const defined = {...presets};
  for (const wording of wordingNames) {
    if (wording === 'graph.driveCopy') continue;
    const preset = presets[wording];
    defined[wording] = protocols.define({...preset, name: `${preset.name} by ${key}`, authorization: keys[key]});
  }
  return defined;
}

/** How an operation is read and canceled, and its token is sent. */
export function protocolOf(plan: Plan, {wording, cancelForm}: OperationPlan): Protocol {
  const protocol = asking(byKey[plan.key][wording], plan);
  return cancelForm === 'preset'
    ? protocol
    : derive(protocol, `canceled by ${cancelForm}`, {cancel: cancelRequests[cancelForm]});
}

function asking(protocol: Protocol, {waitsIn}: Plan): Protocol {
  return waitsIn === 'Retry-After'
    ? protocol
    : derive(protocol, `asking in its ${waitsIn}`, {retryAfter: waitPlaces[waitsIn]});
}

/** What a runner is told of an operation. */
export function recordOptionsOf(plan: Plan, planned: OperationPlan, operation: number) {
  const {totalTimeout, initialDelay} = plan.options;
  return {
    protocol: protocolOf(plan, planned),
    totalTimeout,
    initialDelay,
    key: `op-${operation}`,
    data: {of: operation},
  };
}

/** The protocols that records refer to by name. */
function ownProtocolsOf(plan: Plan): readonly Protocol[] {
  const {key, waitsIn} = plan;
  if (key === 'bearer' && waitsIn === 'Retry-After') return [];
  return Object.values(byKey[key]).map((protocol) => asking(protocol, plan));
}

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
export function optionsOf(plan: Plan, planned: OperationPlan): PollOptions {
  const {options} = plan;
  const {totalTimeout, initialDelay} = options;
  return {...turnOptionsOf(options), protocol: protocolOf(plan, planned), totalTimeout, initialDelay};
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

/** A client, which may be Graph's. */
export type ModelClient = OperationClient & Partial<Pick<GraphClient, 'resetPassword'>>;

/** The one client of a process. */
export function clientOf(world: World): ModelClient {
  const {plan, service} = world;
  const {runner, batch, concurrency, startTimeout, hasHeaders} = plan;
  const headers = hasHeaders ? {'x-tenant-key': service.key} : undefined;
  const options = {token: tokenOf(world, -1), headers, http: httpOf(world), concurrency, startTimeout};
  return runner === 'graph'
    ? createGraphClient({...options, batch})
    : createOperationClient({...options, root: `${home}/v1.0`});
}

/** How the turns of stored operations poll: through a client, or each by itself. */
export function turnSourceOf(
  world: World,
  client: OperationClient | undefined,
  operation = -1,
): Pick<TurnOptions, 'client' | 'http' | 'token' | 'protocols'> {
  const own = client === undefined ? {http: httpOf(world), token: tokenOf(world, operation)} : {client};
  return {...own, protocols: ownProtocolsOf(world.plan)};
}
