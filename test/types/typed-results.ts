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
import {createOperationClient} from 'operation-poller/client';

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
for await (const operation of poller) expectTypeOf(operation).toEqualTypeOf<Operation<Image>>();
expectTypeOf(resumeOperation('{}', {protocol: images})).toEqualTypeOf<OperationPoller<Image>>();
expectTypeOf(fetchOperation('https://a.example', {protocol: images})).resolves.toEqualTypeOf<Operation<Image>>();

const client = createOperationClient({root: 'https://a.example'});
const started = await client.start(images, {path: '/images'});
expectTypeOf(started.poller).toEqualTypeOf<OperationPoller<Image> | undefined>();
expectTypeOf(client.watch('https://a.example/1', {protocol: images})).toEqualTypeOf<OperationPoller<Image>>();
expectTypeOf(client.resume('{}', {protocol: images})).toEqualTypeOf<OperationPoller<Image>>();

// What `read` gives is that too.
protocols.define<Image>({name: 'read', read: () => ({status: 'succeeded', result: {url: 'a'}})});
// @ts-expect-error its result is none
protocols.define<Image>({name: 'read', read: () => ({status: 'succeeded', result: {uri: 'a'}})});
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
