import {move} from '../machine/machine.ts';
import {type AbandonFacts, abandonError} from '../operation/abandon-error.ts';
import type {PollError} from '../operation/errors.ts';
import type {OperationEvent, WaitCause} from '../operation/events.ts';
import type {Operation} from '../operation/operation.ts';
import {endedOutcome, type Outcome} from '../operation/outcome.ts';
import type {WatchEvent} from '../operation/reducer.ts';
import {type AbandonReason, type Answer, isOver, type WatchState} from '../operation/state.ts';
import {defaultSchedule, type Settings} from '../options/options.ts';
import type {Signal} from '../shared/abort.ts';
import {redactLocation} from '../shared/location.ts';
import {reportUncaught} from '../shared/report-error.ts';
import type {Question, Report} from './poll.ts';

/** What moved a watched operation, and what came of it. */
export interface Moved {
  readonly state: WatchState;
  /** The emitted events, in order. */
  readonly events: readonly OperationEvent[];
  /** The machine's events that led here, for an actor that follows. */
  readonly moves: readonly WatchEvent[];
}

/** What follows a step: a wait of so many milliseconds and then the next step, or nothing, because watching is over. */
export type Next = {readonly wait: number} | {readonly outcome: Outcome};

/** A step taken. */
export interface Step extends Moved {
  readonly next: Next;
}

/** What a step needs from outside. */
export interface StepIo {
  readonly settings: Settings;
  /** Asks the service once. */
  readonly poll: (question: Question) => Promise<Report>;
  /** Aborts the poll. */
  readonly signal: Signal;
  /** The operation as the same runner's last poll read it. */
  readonly known?: Operation | undefined;
  /** Hears of retries within the poll while it lasts; what it hears is in no step. */
  readonly retrying?: (moved: Moved) => void;
  /** A random number from 0 to 1, without 1. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * The one step that every runner takes, be it a timer, a queue or a workflow engine: ask the service, move the machine, ask
 * the schedule. To be called when `state.dueAt` has come.
 *
 * - When the service's word and the schedule disagree, the service wins, for that one wait.
 * - No wait is longer than what is left: the last poll goes out just before the deadline. A state that is due at the
 *   deadline has had its last poll; it is not asked again.
 * - A step that was cut off may be taken again from the same state: asking is a GET.
 *
 * @param state where the operation was left
 * @param io what the step needs from outside
 * @param now the clock, in milliseconds since 1970
 * @throws what `io.poll` throws, which is the reason of `io.signal` when it aborts
 */
export async function advance(state: WatchState, io: StepIo, now: () => number): Promise<Step> {
  const {settings} = io;
  const course = new Course(state);
  if (isOver(state)) return course.end();
  if (state.deadlineAt !== undefined && state.dueAt >= state.deadlineAt) return course.giveUp('timeout', now());
  const report = await io.poll({
    location: state.location,
    tokenOrigin: state.tokenOrigin,
    // A step that comes late, after the deadline, still asks once: only its own time-out bounds that request.
    deadlineAt: state.deadlineAt !== undefined && now() < state.deadlineAt ? state.deadlineAt : undefined,
    retryUntil: state.deadlineAt,
    signal: io.signal,
    known: io.known,
    retrying: (error, delay) => {
      course.move({type: 'retry', error, delay, at: now()});
      io.retrying?.(course.take());
    },
  });
  const at = now();
  if (report.is === 'failure') return afterFailure(course, report.error, io, at);
  const {answer, retryAfter} = report;
  if (report.is === 'unknownStatus') {
    course.move({type: 'unknownWord', rawStatus: report.rawStatus, at, answer});
    if (settings.unknownStatus === 'fail') return course.giveUp('unknownStatus', at, {answer, word: report.rawStatus});
  } else {
    course.move({type: 'report', operation: report.operation, at, answer});
    if (isOver(course.state)) {
      tellSchedule(state, settings, report.operation, at);
      return course.end();
    }
    const {movedTo} = report;
    if (movedTo !== undefined) {
      const redactedLocation = redactLocation(movedTo, state.tokenOrigin);
      course.move({type: 'relocate', location: movedTo, redactedLocation, at, answer});
    }
  }
  const {stalled, changedAt} = course.state;
  if (settings.stalledAfter !== false && !stalled && at - changedAt >= settings.stalledAfter) {
    course.move({type: 'stall', at, answer});
  }
  return course.wait(nextWait(course.state, io, at, retryAfter), at, answer);
}

/**
 * What is left of a wait when watching begins or goes on: the initial delay, or the rest of what a resume token was waiting
 * for. To be called once, before the first {@link advance}.
 */
export function begin(state: WatchState, now: number): Step {
  const course = new Course(state);
  if (isOver(state)) return course.end();
  const delay = Math.ceil(state.dueAt - now);
  if (delay <= 0) return course.step({wait: 0});
  const rest: Wait = {delay, because: state.attempt === 0 ? 'initialDelay' : 'resume'};
  // After the last poll there is only the deadline to wait for.
  const lastPollWasMade = state.attempt > 0 && state.dueAt === state.deadlineAt;
  return course.wait(lastPollWasMade ? rest : bounded(rest, state, now), now, undefined);
}

/** Ends a watch from outside: by its signal or by `stop()`. */
export function abandon(state: WatchState, reason: 'aborted' | 'stopped', now: number, cause: unknown): Step {
  const course = new Course(state);
  return isOver(state) ? course.end() : course.giveUp(reason, now, {cause});
}

function afterFailure(course: Course, error: PollError, io: StepIo, at: number): Step {
  const {settings} = io;
  const {state} = course;
  const {answer} = error;
  const facts = {answer, cause: error};
  course.move({type: 'trouble', error, counts: countOf(error, state, settings), at, answer});
  const {failures, missingSince, deadlineAt} = course.state;
  if (error.ends !== undefined) return course.giveUp(error.ends, at, facts);
  if (error.httpStatus === 404 && missingSince !== undefined && at - missingSince >= settings.notFoundGrace) {
    return course.giveUp('notFound', at, facts);
  }
  if (deadlineAt !== undefined && at >= deadlineAt) return course.giveUp('timeout', at, facts);
  if (failures >= settings.consecutiveFailures) {
    const reason = error.kind === 'token' ? 'unauthorized' : error.transient ? 'unreachable' : 'protocol';
    return course.giveUp(reason, at, facts);
  }
  return course.wait({...nextWait(course.state, io, at, error.retryAfter), after: error}, at, answer);
}

/**
 * What a failed poll counts as. A 429 that says when to come again is no failure of the service to be reached. Any other
 * failure that says so was put off rather than retried: as many of them make a failed poll as retries would have.
 */
function countOf(
  {httpStatus, retryAfter}: PollError,
  {deferredAttempts}: WatchState,
  {retry}: Settings,
): 'failure' | 'deferral' | 'missing' | 'nothing' {
  if (httpStatus === 404) return 'missing';
  if (retryAfter === undefined) return 'failure';
  if (httpStatus === 429 && retryAfter >= 1000) return 'nothing';
  return deferredAttempts < retry.retries ? 'deferral' : 'failure';
}

interface Wait {
  readonly delay: number;
  readonly because: WaitCause;
  readonly after?: PollError;
}

function nextWait(
  state: WatchState,
  {settings, random = Math.random}: StepIo,
  now: number,
  told: number | undefined,
): Wait {
  const planned: Wait =
    told === undefined
      ? {delay: Math.ceil(scheduled(state, settings, now, random())), because: 'schedule'}
      : {delay: told, because: 'retryAfter'};
  const {deadlineAt, dueAt} = state;
  if (deadlineAt !== undefined && dueAt === lastPollAt(state, deadlineAt)) return untilDeadline(deadlineAt, now);
  return bounded(planned, state, now);
}

/** A wait that leaves time for the last poll. */
function bounded(planned: Wait, state: WatchState, now: number): Wait {
  const {deadlineAt} = state;
  if (deadlineAt === undefined) return planned;
  const untilLast = lastPollAt(state, deadlineAt) - now;
  if (planned.delay <= untilLast) return planned;
  if (untilLast > 0) return {delay: untilLast, because: 'deadline'};
  const left = untilDeadline(deadlineAt, now);
  return planned.delay < left.delay ? planned : left;
}

function untilDeadline(deadlineAt: number, now: number): Wait {
  return {delay: Math.ceil(Math.max(0, deadlineAt - now)), because: 'deadline'};
}

/** When the last poll goes out that is moved before the deadline: so long before it that it can be answered. */
function lastPollAt({startedAt}: WatchState, deadlineAt: number): number {
  return Math.floor(deadlineAt - Math.min(1000, (deadlineAt - startedAt) / 10));
}

function scheduled(state: WatchState, {schedule, reader}: Settings, now: number, random: number): number {
  const {attempt, operation, failures, startedAt} = state;
  const status = operation?.status ?? 'notStarted';
  const context = {attempt, status, operation, failures, elapsed: Math.max(0, now - startedAt), random};
  let delay: number;
  try {
    delay = schedule(context);
    if (typeof delay !== 'number' || !(delay >= 0 && delay < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`schedule: expected milliseconds from 0 on, got ${String(delay)}`);
    }
  } catch (error) {
    reportUncaught(error);
    delay = defaultSchedule(context);
  }
  return Math.min(Math.max(delay, reader.minimumInterval), reader.maximumInterval);
}

function tellSchedule(
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

/** A state on its way through a step, with what is told of it. */
class Course {
  state: WatchState;
  #events: OperationEvent[] = [];
  #moves: WatchEvent[] = [];

  constructor(state: WatchState) {
    this.state = state;
  }

  move(event: WatchEvent): void {
    const {state, events} = move(this.state, event);
    this.state = state;
    this.#moves.push(event);
    this.#events.push(...events);
  }

  /** What has come of it so far, which is then no longer told. */
  take(): Moved {
    const moved = {state: this.state, events: this.#events, moves: this.#moves};
    this.#events = [];
    this.#moves = [];
    return moved;
  }

  step(next: Next): Step {
    return {state: this.state, events: this.#events, moves: this.#moves, next};
  }

  wait(wait: Wait, at: number, answer: Answer | undefined): Step {
    this.move({type: 'wait', ...wait, at, answer});
    return this.step({wait: wait.delay});
  }

  /** The operation has ended, or watching had. */
  end(): Step {
    const outcome = endedOutcome(this.state);
    if (outcome === undefined) throw new TypeError('A state that is over has no outcome: resume it first');
    return this.step({outcome});
  }

  giveUp(reason: AbandonReason, at: number, facts: AbandonFacts = {}): Step {
    const {operation} = this.state;
    // The token of a watch that was given up is one that goes on: it is made from the state before.
    const error = abandonError(reason, this.state, at, facts);
    this.move({type: 'abandon', reason, error, at, answer: facts.answer});
    return this.step({outcome: {status: 'abandoned', reason, operation, error}});
  }
}
