import {statusMachine} from '../machine/machine.ts';
import {transition, transitionsOf} from '../machine/transitions.ts';
import {type AbandonFacts, abandonError} from '../operation/abandon-error.ts';
import type {OperationEvent} from '../operation/events.ts';
import type {Operation} from '../operation/operation.ts';
import {endedOutcome, type Outcome} from '../operation/outcome.ts';
import type {PollError} from '../operation/poll-error.ts';
import {type AbandonReason, type Answer, isOver, type WatchState} from '../operation/state.ts';
import type {Transitions, TroubleEvent, WatchEvent} from '../operation/watch-event.ts';
import type {Settings} from '../options/settings.ts';
import type {Signal} from '../shared/abort.ts';
import type {Clock} from '../shared/clock.ts';
import {redactLocation} from '../shared/location.ts';
import {reportUncaught} from '../shared/report-error.ts';
import {nextWait, remainingWait, type Wait} from './next-wait.ts';
import type {PollRequest, Report} from './poll.ts';

/** A watched operation that has changed, and what led there. */
export interface Change {
  readonly state: WatchState;
  /** What is emitted, in order. */
  readonly events: readonly OperationEvent[];
  /** The machine's events that led here, for an actor that follows. */
  readonly machineEvents: readonly WatchEvent[];
}

/** What follows a step: the next one, after a wait in milliseconds, or the outcome, because watching is over. */
export type Next = {readonly wait: number} | {readonly outcome: Outcome};

/** A step that was taken. */
export interface Step extends Change {
  readonly next: Next;
}

/** What a step needs from outside. */
export interface StepIo {
  readonly settings: Settings;
  /** Asks the service once. */
  readonly poll: (request: PollRequest) => Promise<Report>;
  /** Aborts the poll. */
  readonly signal: Signal;
  /** The operation as the same runner's last poll read it. */
  readonly known?: Operation | undefined;
  /** Called with what changes during a poll, such as a retry within it; the step that follows does not repeat it. */
  readonly onChange?: (change: Change) => void;
  /** A random number from 0 to 1, without 1. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * The step that every runner takes, whether a timer, a queue or a workflow engine: poll the service, let the machine decide the
 * next state, ask the schedule. A runner restores the state, takes the step when `state.dueAt` has come, keeps the new state,
 * and waits.
 *
 * - When the service's wait and the schedule disagree, the service wins, for that one wait.
 * - No wait is longer than the time that is left: the last poll goes out just before the deadline. A state that is due at the
 *   deadline has had its last poll and is not polled again.
 * - A step that was cut off may be taken again from the same state: polling is a GET.
 *
 * @param state where the operation was left
 * @param io what the step needs from outside
 * @param clock the runner's clock
 * @throws what `io.poll` throws, which is the reason of `io.signal` when it aborts
 */
export async function step(state: WatchState, io: StepIo, clock: Clock): Promise<Step> {
  const {settings} = io;
  const builder = new StepBuilder(state, clock, settings.transitions);
  if (isOver(state)) return builder.ended();
  const {location, tokenOrigin, dueAt, deadlineAt} = state;
  if (deadlineAt !== undefined && dueAt >= deadlineAt) return builder.abandoned('timeout', clock.now());
  const begunAt = clock.now();
  const report = await io.poll({
    location,
    headers: settings.reader.pollHeaders,
    tokenOrigin,
    // A step that comes late, after the deadline, still polls once. Only `requestTimeout` limits that, even if it is held back.
    deadlineAt: deadlineAt !== undefined && begunAt >= deadlineAt ? begunAt + settings.requestTimeout : deadlineAt,
    retryUntil: deadlineAt,
    signal: io.signal,
    known: io.known,
    onRetry: (error, delay) => {
      builder.apply({type: 'retry', error, delay, at: clock.now()});
      io.onChange?.(builder.takeChange());
    },
    onHeldBack: (until) => {
      const at = clock.now();
      builder.apply({type: 'wait', delay: Math.max(0, until - at), because: 'heldBack', notBefore: until, at});
      io.onChange?.(builder.takeChange());
    },
  });
  const at = clock.now();
  if (report.is === 'failure') return afterFailure(builder, report.error, io, at);
  const {answer, retryAfter} = report;
  if (report.is === 'unknownStatus') {
    const {rawStatus} = report;
    builder.apply({type: 'unknownWord', rawStatus, retryAfter, at, answer});
    if (settings.unknownStatus === 'fail') return builder.abandoned('unknownStatus', at, {answer, word: rawStatus});
  } else {
    const {operation, unknownWord, relocation} = report;
    builder.apply({type: 'report', operation, unknownWord, at, answer});
    if (isOver(builder.state)) {
      notifySchedule(state, settings, operation, at);
      return builder.ended();
    }
    if (relocation?.followed === true) {
      const redactedLocation = redactLocation(relocation.location, tokenOrigin);
      builder.apply({type: 'relocate', followed: true, location: relocation.location, redactedLocation, at, answer});
    } else if (relocation !== undefined) {
      builder.apply({type: 'relocate', followed: false, to: relocation.to, at, answer});
    }
  }
  const {stalled, changedAt} = builder.state;
  if (settings.stalledAfter !== false && !stalled && at - changedAt >= settings.stalledAfter) {
    builder.apply({type: 'stall', at, answer});
  }
  return builder.waiting(nextWait(builder.state, settings, at, retryAfter, randomOf(io)), at, answer);
}

/**
 * What comes before the first {@link step} when watching begins or resumes: the initial delay, or the rest of the wait that a
 * resume token was in.
 */
export function firstStep(state: WatchState, clock: Clock, transitions?: Transitions): Step {
  const builder = new StepBuilder(state, clock, transitions);
  if (isOver(state)) return builder.ended();
  const now = clock.now();
  const wait = remainingWait(state, now);
  return wait === undefined ? builder.step({wait: 0}) : builder.waiting(wait, now, undefined);
}

/** How far apart the polls are that hints make, in milliseconds, however many hints there are. */
const wakeInterval = 100;

/**
 * What a hint that the operation may have changed makes of a wait: it ends as soon as the service, or the protocol's
 * `minimumInterval`, allows the next poll. The next hint makes a poll 100 ms later at the earliest.
 *
 * @returns `undefined` where the wait ends no earlier
 */
export function wake(state: WatchState, clock: Clock, transitions?: Transitions): Step | undefined {
  const at = clock.now();
  const {dueAt, notBefore} = state;
  const delay = Math.ceil(Math.max(0, (notBefore ?? at) - at));
  if (isOver(state) || at + delay >= dueAt) return undefined;
  return new StepBuilder(state, clock, transitions).waiting(
    {delay, because: 'wake', notBefore: at + delay + wakeInterval},
    at,
    undefined,
  );
}

/** Ends a watch from outside: by its signal or by `stop()`. */
export function abandon(
  state: WatchState,
  reason: 'aborted' | 'stopped',
  cause: unknown,
  clock: Clock,
  transitions?: Transitions,
): Step {
  const builder = new StepBuilder(state, clock, transitions);
  return isOver(state) ? builder.ended() : builder.abandoned(reason, clock.now(), {cause});
}

function afterFailure(builder: StepBuilder, error: PollError, io: StepIo, at: number): Step {
  const {settings} = io;
  const {answer, retryAfter} = error;
  const facts = {answer, cause: error};
  builder.apply({type: 'trouble', error, counts: countOf(error, builder.state, settings), at, answer});
  const {failures, missingSince, deadlineAt} = builder.state;
  if (error.ends !== undefined) return builder.abandoned(error.ends, at, facts);
  if (error.httpStatus === 404 && missingSince !== undefined && at - missingSince >= settings.notFoundGrace) {
    return builder.abandoned('notFound', at, facts);
  }
  if (deadlineAt !== undefined && at >= deadlineAt) return builder.abandoned('timeout', at, facts);
  if (failures >= settings.consecutiveFailures) {
    const reason = error.kind === 'token' ? 'unauthorized' : error.transient ? 'unreachable' : 'protocol';
    return builder.abandoned(reason, at, facts);
  }
  return builder.waiting(nextWait(builder.state, settings, at, retryAfter, randomOf(io)), at, answer, error);
}

/**
 * What a failed poll counts as. Throttling with a `Retry-After` does not mean that the service is unreachable. Any other failure
 * with one was deferred rather than retried: as many of them make a failed poll as retries would have.
 */
function countOf(
  {httpStatus, retryAfter, throttled, transient}: PollError,
  {deferredAttempts}: WatchState,
  {retry}: Settings,
): TroubleEvent['counts'] {
  if (httpStatus === 404) return 'missing';
  if (retryAfter === undefined || !transient) return 'failure';
  if (throttled && retryAfter >= 1000) return 'nothing';
  return deferredAttempts < retry.retries ? 'deferral' : 'failure';
}

function randomOf({random = Math.random}: StepIo): number {
  return random();
}

function notifySchedule(
  {startedAt, lastSeenAt = startedAt}: WatchState,
  {schedule}: Settings,
  operation: Operation,
  at: number,
): void {
  if (schedule.ended === undefined) return;
  try {
    schedule.ended({elapsed: Math.max(0, at - startedAt), after: Math.max(0, lastSeenAt - startedAt), operation});
  } catch (error) {
    reportUncaught(error);
  }
}

/** A state on its way through a step, and what the step emits. */
class StepBuilder {
  state: WatchState;
  #events: OperationEvent[] = [];
  #machineEvents: WatchEvent[] = [];
  readonly #clock: Clock;
  readonly #transitions: Transitions;

  constructor(state: WatchState, clock: Clock, transitions = transitionsOf(statusMachine)) {
    this.state = state;
    this.#clock = clock;
    this.#transitions = transitions;
  }

  /** Applies an event. One that the machine does not take changes nothing. */
  apply(event: WatchEvent): void {
    const reduced = transition(this.state, event, this.#transitions);
    if (reduced === undefined) return;
    this.state = reduced.state;
    this.#machineEvents.push(event);
    this.#events.push(...reduced.events);
  }

  /** What has changed so far, which the step then no longer contains. */
  takeChange(): Change {
    const change = {state: this.state, events: this.#events, machineEvents: this.#machineEvents};
    this.#events = [];
    this.#machineEvents = [];
    return change;
  }

  step(next: Next): Step {
    return {state: this.state, events: this.#events, machineEvents: this.#machineEvents, next};
  }

  waiting(wait: Wait, at: number, answer: Answer | undefined, after?: PollError): Step {
    this.apply({type: 'wait', ...wait, after, at, answer});
    return this.step({wait: wait.delay});
  }

  /** The operation has ended, now or before. */
  ended(): Step {
    const outcome = endedOutcome(this.state, this.#clock);
    if (outcome === undefined) throw new TypeError('A state that is over has no outcome: resume it first');
    return this.step({outcome});
  }

  abandoned(reason: AbandonReason, at: number, facts: AbandonFacts = {}): Step {
    const {operation} = this.state;
    // The resume token of an abandoned watch continues it, so it is made from the state before.
    const error = abandonError(reason, this.state, at, {...facts, clock: this.#clock});
    this.apply({type: 'abandon', reason, error, at, answer: facts.answer});
    return this.step({outcome: {status: 'abandoned', reason, operation, error}});
  }
}
