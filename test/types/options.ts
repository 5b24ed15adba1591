// What the compiler knows of the options of everything but pollers. Compiled by `tsc -p test`, never run.
import {expectTypeOf} from 'expect-type';
import type {
  AdaptiveOptions,
  Answer,
  ExponentialOptions,
  OperationPoller,
  PollOptions,
  ProtocolFields,
  ReadOperation,
  StartRequest as StartedRequest,
  WatchOperationOptions,
} from 'operation-poller';
import {
  type ClientPollOptions,
  createOperationClient,
  type OperationClient,
  type OperationClientOptions,
  type StartedOperation,
  type StartRequest,
  type TokenCredential,
} from 'operation-poller/client';
import {
  cloudflareHost,
  type DurableHost,
  type DurableOptions,
  type DurableRun,
  type DurableRunOptions,
  watchDurably,
  watchDurablyInRuns,
} from 'operation-poller/durable';
import {
  createGraphClient,
  type GraphClient,
  type GraphClientOptions,
  type PasswordReset,
  type ResetPasswordOptions,
} from 'operation-poller/graph';
import {type LeanHttpOptions, leanHttp} from 'operation-poller/node';
import {type InstrumentOptions, instrument} from 'operation-poller/opentelemetry';
import type {RecordOptions, TurnOptions} from 'operation-poller/runner';
import type {OperationTracker, OperationTrackerOptions} from 'operation-poller/tracker';

/** Options of which all that may be left out are `undefined`. */
type Absent<Options> = {
  readonly [Name in keyof Options]-?: object extends Pick<Options, Name> ? undefined : Options[Name];
};

// Under exactOptionalPropertyTypes too, undefined means absent.
expectTypeOf<Absent<PollOptions>>().toExtend<PollOptions>();
expectTypeOf<Absent<StartedRequest>>().toExtend<StartedRequest>();
expectTypeOf<Absent<WatchOperationOptions>>().toExtend<WatchOperationOptions>();
expectTypeOf<Absent<ExponentialOptions>>().toExtend<ExponentialOptions>();
expectTypeOf<Absent<AdaptiveOptions>>().toExtend<AdaptiveOptions>();
expectTypeOf<Absent<OperationClientOptions>>().toExtend<OperationClientOptions>();
expectTypeOf<Absent<ClientPollOptions>>().toExtend<ClientPollOptions>();
expectTypeOf<Absent<StartRequest>>().toExtend<StartRequest>();
expectTypeOf<Absent<GraphClientOptions>>().toExtend<GraphClientOptions>();
expectTypeOf<Absent<ResetPasswordOptions>>().toExtend<ResetPasswordOptions>();
expectTypeOf<Absent<DurableOptions>>().toExtend<DurableOptions>();
expectTypeOf<Absent<DurableRunOptions>>().toExtend<DurableRunOptions>();
expectTypeOf<Absent<LeanHttpOptions>>().toExtend<LeanHttpOptions>();
expectTypeOf<Absent<InstrumentOptions>>().toExtend<InstrumentOptions>();
expectTypeOf<Absent<RecordOptions>>().toExtend<RecordOptions>();
expectTypeOf<Absent<TurnOptions>>().toExtend<TurnOptions>();
expectTypeOf<Absent<OperationTrackerOptions>>().toExtend<OperationTrackerOptions>();
expectTypeOf<Absent<ProtocolFields>>().toExtend<ProtocolFields>();
expectTypeOf<Absent<NonNullable<ProtocolFields['cancel']>>>().toExtend<ProtocolFields['cancel']>();
expectTypeOf<Absent<NonNullable<ProtocolFields['retryAfter']>>>().toExtend<ProtocolFields['retryAfter']>();
expectTypeOf<Absent<ReadOperation>>().toExtend<ReadOperation>();
expectTypeOf<Absent<NonNullable<ReadOperation['error']>>>().toExtend<ReadOperation['error']>();

// A start is confirmed where there is a poller.
declare const started: StartedOperation<number>;
expectTypeOf(started.answer).toEqualTypeOf<Answer>();
if (started.confirmed) expectTypeOf(started.poller).toEqualTypeOf<OperationPoller<number>>();
else expectTypeOf(started.poller).toBeUndefined();

// A client takes a token, a function or a credential; what belongs to it is none of its operations' options.
declare const credential: TokenCredential;
declare const client: OperationClient;
createOperationClient({root: 'https://a.example', token: credential, startToken: () => 'a-token'});
createOperationClient({root: 'https://a.example', token: async () => ({token: 'a-token', expiresOnTimestamp: 0})});
// @ts-expect-error without its root
createOperationClient({token: 'a-token'});
// @ts-expect-error the token is the client's
client.watch('https://a.example/1', {token: 'a-token'});
// @ts-expect-error so is the ky instance
client.resume('{}', {http: leanHttp()});

// Graph's client is one for any service too. A cloud has a name.
const graph = createGraphClient({token: credential, cloud: 'usGovL4', batch: 20});
expectTypeOf(graph).toExtend<OperationClient>();
expectTypeOf(graph.resetPassword('a', {newPassword: 'b'})).resolves.toEqualTypeOf<PasswordReset>();
expectTypeOf<PasswordReset['newPassword']>().returns.resolves.toBeString();
// @ts-expect-error polls need a token
createGraphClient({cloud: 'global'});
// @ts-expect-error there is no such cloud
createGraphClient({token: 'a-token', cloud: 'mars'});
// @ts-expect-error it has a scope already
createGraphClient({token: 'a-token', scope: 'https://a.example/.default'});

// A workflow engine takes any object with its three methods, and a run ends or goes on.
declare const host: DurableHost;
await watchDurably({run: (_name, work) => work(), sleep: async () => {}, now: () => Date.now()}, 'https://a.example');
await watchDurably(cloudflareHost({do: (_name, work) => work(), sleep: async () => {}}), 'https://a.example');
expectTypeOf(watchDurablyInRuns(host, 'https://a.example', {pollsPerRun: 5})).resolves.toEqualTypeOf<DurableRun>();
// @ts-expect-error no engine can replay an abort
await watchDurably(host, 'https://a.example', {signal: AbortSignal.abort()});
// @ts-expect-error only runs have a number of polls
await watchDurably(host, 'https://a.example', {pollsPerRun: 5});

// What can be instrumented.
declare const tracker: OperationTracker;
declare const poller: OperationPoller;
declare const graphClient: GraphClient;
for (const target of [poller, client, graphClient, tracker]) {
  expectTypeOf(instrument(target)).toEqualTypeOf<{unsubscribe(): void}>();
}
// @ts-expect-error a host has no events
instrument(host);
