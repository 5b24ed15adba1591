// What the compiler says about a tracker: `tsc -p test` checks it, nothing runs it.
import {expectTypeOf} from 'expect-type';
import {
  type AbandonReason,
  type Operation,
  type Outcome,
  pollOperation,
  type SucceededOperation,
} from 'operation-poller';
import {fileStore} from 'operation-poller/node';
import {
  createOperationTracker,
  type OperationStore,
  type OperationTracker,
  type TrackedOperation,
  type TrackerError,
} from 'operation-poller/tracker';

interface Mail {
  readonly mail: string;
}

const tracker = await createOperationTracker<Mail>({
  store: fileStore('operations'),
  onError: (error) => {
    expectTypeOf(error).toEqualTypeOf<TrackerError>();
    expectTypeOf(error.key).toEqualTypeOf<string | undefined>();
  },
  onEnd: ({id, key, outcome, data, signal}) => {
    expectTypeOf([id, key]).toEqualTypeOf<string[]>();
    expectTypeOf(outcome).toEqualTypeOf<Outcome>();
    expectTypeOf(data).toEqualTypeOf<Mail | undefined>();
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
  },
});
expectTypeOf(tracker).toEqualTypeOf<OperationTracker<Mail>>();

const poller = pollOperation('https://graph.example/operations/a');
const tracked = await tracker.add(poller, {key: 'a', data: {mail: 'adele@contoso.com'}});
expectTypeOf(tracked).toEqualTypeOf<TrackedOperation<Mail>>();
expectTypeOf(tracked.data).toEqualTypeOf<Mail | undefined>();
expectTypeOf(tracked.operation).returns.resolves.toEqualTypeOf<Operation | undefined>();
expectTypeOf(tracked.outcome).returns.resolves.toEqualTypeOf<Outcome>();
expectTypeOf(tracked.result).returns.resolves.toEqualTypeOf<SucceededOperation>();
expectTypeOf(tracked.abandoned).returns.resolves.toEqualTypeOf<AbandonReason | undefined>();
await tracker.add(poller.toJSON());
await tracker.add(new URL('https://graph.example/operations/a'));

// @ts-expect-error the data are of another type
await tracker.add(poller, {data: {post: 'adele'}});
// @ts-expect-error a signal belongs to a turn, not to a tracker
await createOperationTracker({signal: AbortSignal.abort()});

// A store is four functions over text; hints and `close` are its own affair.
const texts = new Map<string, string>();
expectTypeOf({
  list: async () => [...texts.keys()],
  read: async (key: string) => texts.get(key),
  write: async (key: string, text: string) => texts.set(key, text),
  remove: async (key: string) => texts.delete(key),
}).toExtend<OperationStore>();
