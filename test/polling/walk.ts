import type {OperationEvent} from '../../src/operation/events.ts';
import type {OperationStatus} from '../../src/operation/operation.ts';
import type {PollError} from '../../src/operation/poll-error.ts';
import type {WatchState} from '../../src/operation/state.ts';
import type {TransitionTable, WatchEvent} from '../../src/operation/watch-event.ts';
import type {PollOptions} from '../../src/options/poll-options.ts';
import {readOptions} from '../../src/options/settings.ts';
import type {PollRequest, Relocation, Report} from '../../src/polling/poll.ts';
import {firstStep, step as takeStep} from '../../src/polling/step.ts';
import type {Step} from '../../src/polling/step-builder.ts';
import * as schedules from '../../src/schedule/schedules.ts';
import {wallClock} from '../../src/shared/clock.ts';
import {beginning, operationOf, pollError, stateOf, tasks} from '../support/core.ts';

/** The head of every answer. */
export const head = {httpStatus: 200, requestId: 'r', clientRequestId: 'c'};

/** What the service answers to a poll. */
export interface Answer {
  readonly status?: OperationStatus;
  readonly percentComplete?: number;
  /** An unknown word. */
  readonly word?: string;
  readonly fails?: PollError;
  /** Requests that failed before it, within the poll, and after how long the next one was made. */
  readonly retried?: readonly (readonly [PollError, number])[];
  readonly retryAfter?: number;
  readonly relocation?: Relocation;
  /** How long the answer takes. */
  readonly takes?: number;
}

export const running: Answer = {status: 'running'};
export const succeeded: Answer = {status: 'succeeded'};

/** A poll that fails with an HTTP status. */
export const failure = (httpStatus: number, retryAfter?: number): Answer => ({
  fails: pollError(httpStatus, {retryAfter}),
});

/** What a poll makes of an answer. */
export function reportOf({status = 'running', percentComplete, word, fails, retryAfter, relocation}: Answer): Report {
  if (fails !== undefined) return {is: 'failure', error: fails};
  if (word !== undefined) return {is: 'unknownStatus', rawStatus: word, answer: head, retryAfter};
  return {is: 'operation', operation: operationOf(status, {percentComplete}), answer: head, retryAfter, relocation};
}

/** What happened on a walk, with the time of it in milliseconds since the beginning. */
export interface Walk {
  /** `'0 poll'`, `'0 wait 1000 schedule'`, `'5000 timeout'` and so on. */
  readonly log: readonly string[];
  readonly events: readonly OperationEvent[];
  readonly machineEvents: readonly WatchEvent[];
  readonly requests: readonly PollRequest[];
  readonly waits: readonly number[];
  readonly last: Step;
}

/** A signal that never aborts. */
export const {signal}: AbortController = new AbortController();

/** How a walk differs from one that starts at the beginning. */
interface WalkOptions {
  readonly from?: WatchState;
  /** Whether the last answer repeats. */
  readonly repeat?: boolean;
  readonly random?: () => number;
  /** When it starts, in milliseconds since 1970. */
  readonly start?: number;
  readonly transitions?: TransitionTable | undefined;
}

/**
 * Takes step after step by a clock that jumps from one to the next, as every runner does, until watching is over or the
 * answers have run out; the last answer repeats where `repeat` says so.
 */
export async function walk(
  options: PollOptions,
  answers: readonly Answer[],
  {
    from = stateOf({}, options),
    repeat = false,
    random = (): number => 0.5,
    start = beginning,
    transitions,
  }: WalkOptions = {},
): Promise<Walk> {
  const settings = {...readOptions({protocol: tasks, ...options}), transitions};
  const log: string[] = [];
  const events: OperationEvent[] = [];
  const requests: PollRequest[] = [];
  const machineEvents: WatchEvent[] = [];
  const waits: number[] = [];
  const coming = [...answers];
  let clock = start;
  const note = (text: string): unknown => log.push(`${clock - beginning} ${text}`);
  const poll = async (request: PollRequest): Promise<Report> => {
    note('poll');
    requests.push(request);
    const answer = (repeat && coming.length === 1 ? coming[0] : coming.shift()) ?? {};
    for (const [error, delay] of answer.retried ?? []) {
      request.onRetry(error, delay);
      clock += delay;
    }
    clock += answer.takes ?? 0;
    return reportOf(answer);
  };
  const take = (step: Step): Step => {
    events.push(...step.events);
    machineEvents.push(...step.machineEvents);
    for (const event of step.events) {
      if (event.type === 'waiting') note(`wait ${event.delay} ${event.because}`);
    }
    if ('outcome' in step.next) {
      const {outcome} = step.next;
      note(outcome.status === 'abandoned' ? outcome.reason : outcome.status);
    } else {
      waits.push(step.next.wait);
      clock += step.next.wait;
    }
    return step;
  };
  let step = take(
    firstStep(
      from,
      wallClock(() => clock),
      {transitions},
    ),
  );
  while ('wait' in step.next && coming.length > 0) {
    step = take(
      await takeStep(
        step.state,
        {settings, poll, signal, random},
        wallClock(() => clock),
      ),
    );
  }
  return {log, events, machineEvents, requests, waits, last: step};
}

/** The names of what was emitted. */
export const types = ({events}: Walk): string[] => events.map(({type}) => type);

/** Options with a wait of 4 s. */
export const every4s: PollOptions = {schedule: schedules.fixed(4000)};
