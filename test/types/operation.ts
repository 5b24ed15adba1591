// What the compiler knows of operations, outcomes and protocols. Compiled by `tsc -p test`, never run.
import {expectTypeOf} from 'expect-type';
import {
  type CanceledOperation,
  type EndedOperation,
  type FailedOperation,
  type Operation,
  type OperationCanceledError,
  type OperationError,
  type OperationFailedError,
  type OperationFault,
  type OperationStatus,
  type Outcome,
  type Protocol,
  protocols,
  type SucceededOperation,
} from 'operation-poller';

declare const operation: Operation;

expectTypeOf<Operation['status']>().toEqualTypeOf<OperationStatus>();
expectTypeOf<OperationStatus>().toEqualTypeOf<'notStarted' | 'running' | 'succeeded' | 'failed' | 'canceled'>();

// A result is there only once the operation has succeeded, an error only once it has failed or was canceled.
// @ts-expect-error not every operation has a result
operation.result;
// @ts-expect-error not every operation has an error
operation.error;
if (operation.status === 'succeeded') {
  expectTypeOf(operation).toEqualTypeOf<SucceededOperation>();
  expectTypeOf(operation.result).toBeUnknown();
  // @ts-expect-error a succeeded operation has no error
  operation.error;
} else if (operation.status === 'failed' || operation.status === 'canceled') {
  expectTypeOf(operation).toEqualTypeOf<FailedOperation | CanceledOperation>();
  expectTypeOf(operation.error).toEqualTypeOf<OperationFault | undefined>();
  // @ts-expect-error a failed operation has no result
  operation.result;
} else {
  expectTypeOf(operation.status).toEqualTypeOf<'notStarted' | 'running'>();
  // @ts-expect-error a running operation has no result
  operation.result;
  // @ts-expect-error a running operation has no error
  operation.error;
}
expectTypeOf<EndedOperation['status']>().toEqualTypeOf<'succeeded' | 'failed' | 'canceled'>();

// A switch over the status needs no default.
export function describe(known: Operation): string {
  switch (known.status) {
    case 'notStarted':
    case 'running':
      return 'at work';
    case 'succeeded':
      return `done: ${String(known.result)}`;
    case 'failed':
    case 'canceled':
      return `not done: ${known.error?.code}`;
  }
}

// What is known of an operation cannot be changed.
// @ts-expect-error read-only
operation.status = 'failed';
// @ts-expect-error read-only
operation.percentComplete = 5;
expectTypeOf(operation.createdDateTime).toEqualTypeOf<Date | undefined>();
expectTypeOf(operation.raw).toBeUnknown();

// An outcome is a union on the status too.
declare const outcome: Outcome;
expectTypeOf<Outcome['status']>().toEqualTypeOf<'succeeded' | 'failed' | 'canceled' | 'abandoned'>();
if (outcome.status === 'succeeded') {
  expectTypeOf(outcome.operation).toEqualTypeOf<SucceededOperation>();
  // @ts-expect-error nothing went wrong
  outcome.error;
} else if (outcome.status === 'failed') {
  expectTypeOf(outcome.error).toEqualTypeOf<OperationFailedError>();
  expectTypeOf(outcome.error.operation).toEqualTypeOf<FailedOperation>();
} else if (outcome.status === 'canceled') {
  expectTypeOf(outcome.error).toEqualTypeOf<OperationCanceledError>();
} else {
  expectTypeOf(outcome.operation).toEqualTypeOf<Operation | undefined>();
  expectTypeOf(outcome.error).toEqualTypeOf<OperationError>();
}

// A protocol's word needs a status that there is, and its places are JSON pointers.
expectTypeOf(protocols.longRunning).toEqualTypeOf<Protocol>();
expectTypeOf(protocols.define).returns.toEqualTypeOf<Protocol>();
protocols.define({name: 'renders', status: ['/state', '/status/value'], words: {done: 'succeeded', busy: 'running'}});
// @ts-expect-error a word without a status
protocols.define({name: 'renders', status: '/state', words: {done: 'succeeded', busy: undefined}});
// @ts-expect-error a status that there is not
protocols.define({name: 'renders', status: '/state', words: {done: 'succeeded', busy: 'working'}});
// @ts-expect-error a status that the service does not have: watching is abandoned, not an operation
protocols.define({name: 'renders', status: '/state', words: {done: 'succeeded', busy: 'abandoned'}});
// @ts-expect-error a place that is no JSON pointer
protocols.define({name: 'renders', status: 'state', words: {done: 'succeeded'}});
// @ts-expect-error no place of the status
protocols.define({name: 'renders', words: {done: 'succeeded'}});
// @ts-expect-error a field that there is not
protocols.define({name: 'renders', status: '/state', words: {done: 'succeeded'}, progress: '/progress'});
