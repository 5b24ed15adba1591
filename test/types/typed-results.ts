// What the compiler knows of results where a protocol says what they are. Compiled by `tsc -p test`, never run.
import {expectTypeOf} from 'expect-type';
import {
  fetchOperation,
  type Operation,
  type OperationPoller,
  type Outcome,
  type Protocol,
  pollOperation,
  protocols,
  resumeOperation,
  type SucceededOperation,
} from 'operation-poller';
import {createOperationQueue, createOperationWorker, type QueuedOperation} from 'operation-poller/bullmq';
import {falQueue} from 'operation-poller/catalog';
import {createOperationClient} from 'operation-poller/client';
import {type DurableHost, watchDurably} from 'operation-poller/durable';
import {
  createRecord,
  type EndedRecord,
  type OutcomeJson,
  outcomeOf,
  readOutcome,
  takeTurn,
} from 'operation-poller/runner';
import {createOperationTracker, type OperationTracker, type TrackedOperation} from 'operation-poller/tracker';

interface Image {
  readonly url: string;
}

const words = {done: 'succeeded'} as const;
const images = protocols.define<Image>({name: 'images', status: '/status', words, result: '/image'});
expectTypeOf(images).toEqualTypeOf<Protocol<Image>>();

// By all that makes a poller, the result has that type.
const poller = pollOperation('https://a.example', {protocol: images});
expectTypeOf(poller).toEqualTypeOf<OperationPoller<Image>>();
expectTypeOf(poller.result()).resolves.toEqualTypeOf<SucceededOperation<Image>>();
expectTypeOf((await poller.result()).result).toEqualTypeOf<Image | undefined>();
expectTypeOf(poller.outcome()).resolves.toEqualTypeOf<Outcome<Image>>();
expectTypeOf(poller.waitFor('succeeded')).resolves.toEqualTypeOf<Operation<Image>>();
if (poller.operation?.status === 'succeeded') expectTypeOf(poller.operation.result).toEqualTypeOf<Image | undefined>();
poller.on('succeeded', ({operation}) => expectTypeOf(operation.result).toEqualTypeOf<Image | undefined>());
poller.on('polled', ({operation}) => expectTypeOf(operation).toEqualTypeOf<Operation<Image> | undefined>());
poller.on('*', ({operation}) => expectTypeOf(operation).toEqualTypeOf<Operation<Image> | undefined>());
for await (const operation of poller) expectTypeOf(operation).toEqualTypeOf<Operation<Image>>();
expectTypeOf(resumeOperation('{}', {protocol: images})).toEqualTypeOf<OperationPoller<Image>>();
expectTypeOf(fetchOperation('https://a.example', {protocol: images})).resolves.toEqualTypeOf<Operation<Image>>();

const client = createOperationClient({root: 'https://a.example'});
const started = await client.start(images, {path: '/images'});
expectTypeOf(started.poller).toEqualTypeOf<OperationPoller<Image> | undefined>();
expectTypeOf(client.watch('https://a.example/1', {protocol: images})).toEqualTypeOf<OperationPoller<Image>>();
expectTypeOf(client.resume('{}', {protocol: images})).toEqualTypeOf<OperationPoller<Image>>();

declare const host: DurableHost;
expectTypeOf(watchDurably(host, 'https://a.example', {protocol: images})).resolves.toEqualTypeOf<Outcome<Image>>();

// By a tracker or a queue of any results, what is added has the type of its protocol or poller.
const anyTracker = await createOperationTracker<string>();
const tracked = await anyTracker.add('https://a.example', {protocol: images, data: 'a'});
expectTypeOf(tracked).toEqualTypeOf<TrackedOperation<string, Image>>();
expectTypeOf(tracked.operation()).resolves.toEqualTypeOf<Operation<Image> | undefined>();
expectTypeOf(tracked.outcome()).resolves.toEqualTypeOf<Outcome<Image>>();
expectTypeOf(tracked.result()).resolves.toEqualTypeOf<SucceededOperation<Image>>();
expectTypeOf(anyTracker.add(poller)).resolves.toEqualTypeOf<TrackedOperation<string, Image>>();
expectTypeOf(anyTracker.add('https://a.example')).resolves.toEqualTypeOf<TrackedOperation<string>>();
expectTypeOf(anyTracker.get<Image>('a')).resolves.toEqualTypeOf<TrackedOperation<string, Image> | undefined>();
const anyQueue = createOperationQueue<string>({name: 'operations', connection: {}});
const queued = await anyQueue.add('https://a.example', {protocol: images, data: 'a'});
expectTypeOf(queued).toEqualTypeOf<QueuedOperation<string, Image>>();
expectTypeOf(queued.operation()).resolves.toEqualTypeOf<Operation<Image> | undefined>();
expectTypeOf(queued.outcome()).resolves.toEqualTypeOf<Outcome<Image>>();
expectTypeOf(queued.result()).resolves.toEqualTypeOf<SucceededOperation<Image>>();
expectTypeOf(anyQueue.add(poller)).resolves.toEqualTypeOf<QueuedOperation<string, Image>>();
expectTypeOf(anyQueue.addMany([{location: 'https://a.example', protocol: images}])).resolves.toEqualTypeOf<
  QueuedOperation<string, Image>[]
>();
expectTypeOf(anyQueue.get<Image>('a')).resolves.toEqualTypeOf<QueuedOperation<string, Image> | undefined>();

// One of results of a type takes no others, and its ends are of that type.
const tracker = await createOperationTracker({
  protocols: [images],
  onEnd: ({outcome}) => expectTypeOf(outcome).toEqualTypeOf<Outcome<Image>>(),
});
expectTypeOf(tracker).toEqualTypeOf<OperationTracker<unknown, Image>>();
expectTypeOf(tracker.get('a')).resolves.toEqualTypeOf<TrackedOperation<unknown, Image> | undefined>();
tracker.on('progress', ({operation}) => expectTypeOf(operation).toEqualTypeOf<Operation<Image>>());
tracker.on('succeeded', ({operation}) => expectTypeOf(operation.result).toEqualTypeOf<Image | undefined>());
expectTypeOf(tracker.list()).resolves.toEqualTypeOf<TrackedOperation<unknown, Image>[]>();
// @ts-expect-error its results may be anything
await tracker.add('https://a.example', {protocol: protocols.longRunning});
const documents = protocols.define<string>({name: 'documents', status: '/status', words});
await createOperationTracker<string, Image | string>({
  protocols: [images, documents],
  onEnd: ({outcome}) => expectTypeOf(outcome).toEqualTypeOf<Outcome<Image | string>>(),
});
const queue = createOperationQueue<string, Image>({name: 'operations', connection: {}});
expectTypeOf(queue.get('a')).resolves.toEqualTypeOf<QueuedOperation<string, Image> | undefined>();
// @ts-expect-error its results are of another type
await queue.add('https://a.example', {protocol: documents});
createOperationWorker({
  name: 'operations',
  connection: {},
  protocols: [images],
  onEnd: ({outcome}) => expectTypeOf(outcome).toEqualTypeOf<Outcome<Image>>(),
});
const onEnd = ({data, outcome}: EndedRecord<string, Image>): void => {
  if (outcome.status === 'succeeded') console.log(data, outcome.operation.result?.url);
};
const turn = await takeTurn(
  createRecord<string>('https://a.example', {protocol: images}),
  {protocols: [images], onEnd},
  0,
);
if ('done' in turn) expectTypeOf(turn.done).toEqualTypeOf<Outcome<Image>>();
expectTypeOf(outcomeOf<Image>(turn.record)).toEqualTypeOf<Outcome<Image> | undefined>();
declare const ended: readonly OutcomeJson[];
expectTypeOf(ended.map(readOutcome)).toEqualTypeOf<Outcome[]>();
expectTypeOf(ended.map(readOutcome<Image>)).toEqualTypeOf<Outcome<Image>[]>();

// What `read` gives is that too.
protocols.define<Image>({name: 'read', read: () => ({status: 'succeeded', result: {url: 'a'}})});
// What it finds in a body may be missing there.
declare const found: {readonly code?: number; readonly message?: string; readonly percent?: number};
protocols.define<Image>({
  name: 'read',
  read: () => ({status: 'failed', error: {code: found.code, message: found.message}, percentComplete: found.percent}),
});
// @ts-expect-error its result is none
protocols.define<Image>({name: 'read', read: () => ({status: 'succeeded', result: {uri: 'a'}})});
// A type for the results of a protocol that comes with the library: what its `read` might give does not count.
expectTypeOf(protocols.define<Image>({...falQueue, read: undefined})).toEqualTypeOf<Protocol<Image>>();
expectTypeOf(protocols.define<Image>({...protocols.longRunning, read: undefined})).toEqualTypeOf<Protocol<Image>>();
// @ts-expect-error its results may be anything
protocols.define<Image>(falQueue);
// @ts-expect-error nobody has checked it
pollOperation('https://a.example', {protocol: {...protocols.longRunning, totalTimeout: 5000}});
// @ts-expect-error nor this
pollOperation('https://a.example', {protocol: {name: 'plain', status: '/status', words: {done: 'succeeded'}}});
// @ts-expect-error there is no such status
protocols.define({name: 'read', read: () => ({status: 'done'})});
// @ts-expect-error it is synchronous
protocols.define({name: 'read', read: async () => ({status: 'succeeded'})});

// Without a type it is unknown, and a protocol of a type is one of any.
expectTypeOf(protocols.define({name: 'x', status: '/status', words})).toEqualTypeOf<Protocol>();
expectTypeOf(images).toExtend<Protocol>();
expectTypeOf(poller).toExtend<OperationPoller>();
expectTypeOf((await pollOperation('https://a.example').result()).result).toBeUnknown();
// @ts-expect-error without a read, the status has to be somewhere
protocols.define({name: 'x', words});
// @ts-expect-error and its words have to be known
protocols.define({name: 'x', status: '/status'});
