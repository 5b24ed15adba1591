import fc from 'fast-check';
import {type CallbackActorLogic, fromCallback} from 'xstate';
import {OperationError} from '../../src/operation/errors.ts';
import type {OperationEvent} from '../../src/operation/events.ts';
import {hasEnded, type OperationStatus} from '../../src/operation/operation.ts';
import type {AbandonReason} from '../../src/operation/state.ts';
import type {AbandonEvent, ReportEvent, WatchEvent} from '../../src/operation/watch-event.ts';
import {beginning, operationOf, pollError, statuses} from '../support/core.ts';

/** When the events of these tests happen. */
export const at: number = beginning + 1000;

const error = new OperationError('given up');

/** The service reports a status. */
export const report = (status: OperationStatus): ReportEvent => ({type: 'report', operation: operationOf(status), at});

/** Watching is given up. */
export const abandon = (reason: AbandonReason = 'timeout'): AbandonEvent => ({type: 'abandon', reason, error, at});

/** One of each kind of event that is recorded without a change of state. */
export const otherEvents: readonly WatchEvent[] = [
  {type: 'unknownWord', rawStatus: 'odd', at},
  {type: 'retry', error: pollError(503), delay: 5, at},
  {type: 'trouble', error: pollError(404), counts: 'missing', at},
  {type: 'wait', delay: 5, because: 'schedule', at},
  {
    type: 'relocate',
    followed: true,
    location: 'https://graph.example/y',
    redactedLocation: 'https://graph.example/y',
    at,
  },
  {type: 'stall', at},
];

interface Action {
  readonly type: string;
  readonly params?: unknown;
}

/** The emitted events among the actions that a pure transition gives; XState's types leave them out. */
export function emittedBy(actions: readonly Action[]): readonly OperationEvent[] {
  return actions.flatMap(({type, params}) =>
    type === 'xstate.emit' ? [(params as {event: OperationEvent}).event] : [],
  );
}

const anAnswer = fc.option(fc.constant({httpStatus: 200, clientRequestId: 'c'}), {nil: undefined});
const times = fc.integer({min: beginning, max: beginning + 1e6});
const anyReport = fc
  .tuple(
    fc.constantFrom(...statuses),
    fc.record(
      {
        percentComplete: fc.integer({min: -10, max: 110}),
        statusDetail: fc.constantFrom('a', 'b'),
        error: fc.constant({code: 'c'}),
      },
      {requiredKeys: []},
    ),
    times,
    anAnswer,
  )
  .map(
    ([status, body, at, answer]): WatchEvent => ({type: 'report', operation: operationOf(status, body), at, answer}),
  );
const anyError = fc.constantFrom(
  pollError(503),
  pollError(429, {retryAfter: 5000}),
  pollError(404),
  pollError(undefined),
);
/** Every kind of event, a terminal one rarely, so that sequences get long. */
const anyEvent: fc.Arbitrary<WatchEvent> = fc.oneof(
  {weight: 6, arbitrary: anyReport.filter((event) => event.type === 'report' && !hasEnded(event.operation))},
  {weight: 1, arbitrary: anyReport},
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('unknownWord' as const),
      rawStatus: fc.constantFrom('odd', 'x', '__proto__'),
      at: times,
    }),
  },
  {weight: 1, arbitrary: fc.record({type: fc.constant('retry' as const), error: anyError, delay: fc.nat(), at: times})},
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('trouble' as const),
      error: anyError,
      counts: fc.constantFrom('failure', 'deferral', 'missing', 'nothing'),
      at: times,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('wait' as const),
      delay: fc.nat(),
      because: fc.constantFrom('schedule', 'retryAfter', 'deadline'),
      after: fc.option(anyError, {nil: undefined}),
      at: times,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('https://graph.example/y', 'https://graph.example/z').chain((to) =>
      fc.record({
        type: fc.constant('relocate' as const),
        followed: fc.constant(true as const),
        location: fc.constant(to),
        redactedLocation: fc.constant(to),
        at: times,
      }),
    ),
  },
  {weight: 1, arbitrary: fc.record({type: fc.constant('stall' as const), at: times})},
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('abandon' as const),
      reason: fc.constantFrom<AbandonReason>('timeout', 'stopped', 'unreachable'),
      error: fc.constant(error),
      at: times,
    }),
  },
);
/** Any sequence of events. */
export const anySequence: fc.Arbitrary<WatchEvent[]> = fc.array(anyEvent, {maxLength: 25});

/** A `watch` actor that sends the machine these events. */
export function scripted(...events: readonly WatchEvent[]): CallbackActorLogic<{readonly type: string}> {
  return fromCallback(({sendBack}) => {
    for (const event of events) sendBack(event);
  });
}
