// What the compiler knows of pollers, their events and their options. Compiled by `tsc -p test`, never run.
import {expectTypeOf} from 'expect-type';
import {
  type AbandonReason,
  type AdaptiveSchedule,
  type CanceledOperation,
  type DurationHistogramJson,
  type FailedOperation,
  fetchOperation,
  type NotStartedOperation,
  type Operation,
  type OperationError,
  type OperationEvent,
  type OperationEventOf,
  type OperationEventType,
  type OperationPoller,
  type OperationStatus,
  type Outcome,
  type PollError,
  type PollOptions,
  pollOperation,
  type ResumeToken,
  type RunningOperation,
  resumeOperation,
  type Schedule,
  type SucceededOperation,
  schedules,
  type WaitCause,
} from 'operation-poller';

declare const poller: OperationPoller;

// Each event has its own payload, by its name.
poller.on('notStarted', (event) => expectTypeOf(event.operation).toEqualTypeOf<NotStartedOperation>());
poller.on('running', (event) => expectTypeOf(event.operation).toEqualTypeOf<RunningOperation>());
poller.on('succeeded', (event) => {
  expectTypeOf(event.operation).toEqualTypeOf<SucceededOperation>();
  expectTypeOf(event.operation.result).toBeUnknown();
});
poller.on('failed', (event) => expectTypeOf(event.operation).toEqualTypeOf<FailedOperation>());
poller.on('canceled', (event) => expectTypeOf(event.operation).toEqualTypeOf<CanceledOperation>());
poller.on('polled', (event) => expectTypeOf(event.operation).toEqualTypeOf<Operation | undefined>());
poller.on('progress', (event) => {
  expectTypeOf(event.percentComplete).toBeNumber();
  expectTypeOf(event.operation).toEqualTypeOf<Operation>();
});
poller.on('retrying', (event) => {
  expectTypeOf(event.error).toEqualTypeOf<PollError>();
  expectTypeOf(event.delay).toBeNumber();
});
poller.on('waiting', (event) => {
  expectTypeOf(event.delay).toBeNumber();
  expectTypeOf(event.because).toEqualTypeOf<WaitCause>();
});
poller.on('unknownStatus', (event) => expectTypeOf(event.rawStatus).toBeString());
poller.on('relocated', (event) => expectTypeOf([event.from, event.to]).toEqualTypeOf<string[]>());
poller.on('stalled', (event) => expectTypeOf(event.since).toBeNumber());
poller.on('abandoned', (event) => {
  expectTypeOf(event.reason).toEqualTypeOf<AbandonReason>();
  expectTypeOf(event.error).toEqualTypeOf<OperationError>();
});

// All of them carry where, when and which poll; '*' is any of them, to be distinguished by its type.
poller.on('*', (event) => {
  expectTypeOf(event).toEqualTypeOf<OperationEvent>();
  expectTypeOf(event.location).toBeString();
  expectTypeOf(event.attempt).toBeNumber();
  expectTypeOf(event.at).toBeNumber();
  if (event.type === 'waiting') expectTypeOf(event.because).toEqualTypeOf<WaitCause>();
  // @ts-expect-error not every event has a delay
  event.delay;
  // @ts-expect-error events cannot be changed
  event.at = 5;
});
expectTypeOf(poller.on('running', () => undefined)).toEqualTypeOf<{unsubscribe(): void}>();
expectTypeOf<OperationEventOf<'*'>>().toEqualTypeOf<OperationEvent>();
expectTypeOf<OperationEventType>().toEqualTypeOf<
  | OperationStatus
  | 'polled'
  | 'progress'
  | 'retrying'
  | 'waiting'
  | 'unknownStatus'
  | 'relocated'
  | 'stalled'
  | 'abandoned'
>();
// @ts-expect-error there is no such event
poller.on('done', () => undefined);
// @ts-expect-error a listener of another event
poller.on('running', (event: OperationEventOf<'waiting'>) => event);

// What a poller gives.
expectTypeOf(poller.status).toEqualTypeOf<OperationStatus>();
expectTypeOf(poller.operation).toEqualTypeOf<Operation | undefined>();
expectTypeOf(poller.result()).resolves.toEqualTypeOf<SucceededOperation>();
expectTypeOf(poller.waitFor('running')).resolves.toEqualTypeOf<Operation>();
expectTypeOf(poller.toJSON()).toEqualTypeOf<ResumeToken>();
expectTypeOf(poller[Symbol.asyncDispose]()).resolves.toBeVoid();
expectTypeOf(fetchOperation('https://a.example')).resolves.toEqualTypeOf<Operation>();
// @ts-expect-error abandoned is no status of an operation
poller.waitFor('abandoned');
// @ts-expect-error read-only
poller.status = 'running';

export async function iterate(): Promise<void> {
  for await (const operation of poller) expectTypeOf(operation).toEqualTypeOf<Operation>();
  await using other = pollOperation(new URL('https://a.example'));
  expectTypeOf(other).toEqualTypeOf<OperationPoller>();
}

expectTypeOf(resumeOperation).parameter(0).toEqualTypeOf<ResumeToken | string>();
// @ts-expect-error an object that is no token
resumeOperation({location: 'https://a.example'});

// Under exactOptionalPropertyTypes too, undefined means absent.
const absent = {
  protocol: undefined,
  http: undefined,
  token: undefined,
  schedule: undefined,
  retry: undefined,
  totalTimeout: undefined,
  requestTimeout: undefined,
  maxResponseSize: undefined,
  initialDelay: undefined,
  maxRetryAfter: undefined,
  signal: undefined,
  unknownStatus: undefined,
  notFoundGrace: undefined,
  consecutiveFailures: undefined,
  stalledAfter: undefined,
  trustedOrigins: undefined,
  fetchResult: undefined,
  started: undefined,
  finalStateVia: undefined,
} satisfies {readonly [Name in keyof Required<PollOptions>]: undefined};
pollOperation('https://a.example', absent);
resumeOperation('{}', absent);
pollOperation('https://a.example', undefined);

// Options of another type do not compile.
pollOperation('https://a.example', {token: () => 'token', totalTimeout: false, signal: new AbortController().signal});
pollOperation('https://a.example', {
  token: async ({claims, forceRefresh, signal}) => {
    expectTypeOf(claims).toEqualTypeOf<string | undefined>();
    expectTypeOf(forceRefresh).toBeBoolean();
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    return 'token';
  },
});
// @ts-expect-error there is no such option
pollOperation('https://a.example', {timeout: 5});
// @ts-expect-error a token function that gives none
pollOperation('https://a.example', {token: () => undefined});
// @ts-expect-error only false turns it off
pollOperation('https://a.example', {totalTimeout: true});
// @ts-expect-error a request always ends
pollOperation('https://a.example', {requestTimeout: false});
// @ts-expect-error the signal is the poll's own
pollOperation('https://a.example', {retry: {signal: new AbortController().signal}});
// @ts-expect-error another word
pollOperation('https://a.example', {unknownStatus: 'ignore'});

// A schedule is a function that users can write.
expectTypeOf(schedules.exponential({jitter: 'equal'})).toEqualTypeOf<Schedule>();
const own: Schedule = ({attempt, operation, random}) => (operation === undefined ? 500 : attempt * 1000 * random);
pollOperation('https://a.example', {schedule: own});
// @ts-expect-error a schedule is not asynchronous
pollOperation('https://a.example', {schedule: async () => 5});
// @ts-expect-error another jitter
schedules.exponential({jitter: 'half'});

// A schedule is any function from the context to a number; one that learns gets the ends as well, and is one too.
expectTypeOf(schedules.adaptive).returns.toEqualTypeOf<AdaptiveSchedule>();
expectTypeOf<AdaptiveSchedule>().toExtend<Schedule>();
expectTypeOf<(context: {readonly attempt: number}) => number>().toExtend<Schedule>();
expectTypeOf<() => string>().not.toExtend<Schedule>();
expectTypeOf<ReturnType<AdaptiveSchedule['toJSON']>>().toEqualTypeOf<DurationHistogramJson>();
expectTypeOf(schedules.adaptive).toBeCallableWith({requestCost: 2000, initial: 500, learned: undefined});

// What a poller knows without an await, and how it ends.
expectTypeOf(poller.abandoned).toEqualTypeOf<AbandonReason | undefined>();
expectTypeOf(poller.location).toBeString();
expectTypeOf(poller.outcome()).resolves.toEqualTypeOf<Outcome>();
expectTypeOf(poller.wake()).toBeVoid();
