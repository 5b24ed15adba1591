import {redactUrl} from '../http/redact.ts';
import {hasEnded, type Operation} from '../operation/operation.ts';
import type {PollError} from '../operation/poll-error.ts';
import {isOver, type WatchState} from '../operation/state.ts';
import type {WatchEvent} from '../operation/watch-event.ts';
import type {Settings} from '../options/settings.ts';
import type {Signal} from '../shared/abort.ts';
import type {Clock} from '../shared/clock.ts';
import {orReported} from '../shared/report-error.ts';
import {estimateRemaining} from './estimate-remaining.ts';
import {countOf, reasonToAbandon} from './failed-poll.ts';
import {nextWait, remainingWait} from './next-wait.ts';
import type {PollRequest, Report} from './poll.ts';
import {type Change, type Step, StepBuilder, type StepSettings, type WaitNext} from './step-builder.ts';

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
export function step(state: WatchState, io: StepIo, clock: Clock): Promise<Step> {
  const {settings} = io;
  const builder = new StepBuilder(state, clock, settings);
  if (isOver(state)) return Promise.resolve(builder.ended());
  const {location, tokenOrigin, dueAt, deadlineAt} = state;
  if (deadlineAt !== undefined && dueAt >= deadlineAt) {
    return Promise.resolve(builder.abandoned('timeout', clock.now()));
  }
  const changeDuringPoll = (event: WatchEvent): void => {
    builder.apply(event);
    io.onChange?.(builder.takeChange());
  };
  // Not by `await`, which keeps all of this function alive: collections copy what is alive during a request.
  const reported = io.poll({
    method: 'GET',
    json: undefined,
    takesText: false,
    headers: settings.reader.pollHeaders,
    location,
    tokenOrigin,
    operationLocation: undefined,
    requestTimeout: undefined,
    deadlineAt: deadlineAt === undefined ? undefined : requestDeadline(deadlineAt, settings, clock.now()),
    retryUntil: deadlineAt,
    signal: io.signal,
    known: io.known,
    onRetry: (error, delay) => changeDuringPoll({type: 'retry', error, delay, at: clock.now(), answer: error.answer}),
    onHeldBack: (until) => {
      const at = clock.now();
      const delay = Math.max(0, until - at);
      changeDuringPoll({type: 'wait', delay, because: 'heldBack', notBefore: until, at});
    },
  });
  return reported.then((report) => {
    const at = clock.now();
    return report.is === 'failure'
      ? afterFailure(builder, report.error, io, at)
      : afterReport(builder, report, state, io, at);
  });
}

function afterFailure(
  builder: StepBuilder,
  error: PollError,
  {settings, random = Math.random}: StepIo,
  at: number,
): Step {
  const {answer, retryAfter} = error;
  builder.apply({type: 'trouble', error, counts: countOf(error, builder.state, settings), at, answer});
  const reason = reasonToAbandon(error, builder.state, settings, at);
  if (reason !== undefined) return builder.abandoned(reason, at, {answer, cause: error});
  return builder.waiting(nextWait(builder.state, settings, at, retryAfter, random()), at, answer, error);
}

/** @param state from before the poll */
function afterReport(
  builder: StepBuilder,
  report: Exclude<Report, {readonly is: 'failure'}>,
  state: WatchState,
  {settings, random = Math.random}: StepIo,
  at: number,
): Step {
  const {answer, retryAfter} = report;
  const remaining = estimateRemaining(state, settings.schedule, at);
  if (report.is === 'unknownStatus') {
    const {rawStatus} = report;
    builder.apply({type: 'unknownWord', rawStatus, retryAfter, remaining, at, answer});
    if (settings.unknownStatus === 'fail') return builder.abandoned('unknownStatus', at, {answer, word: rawStatus});
  } else {
    const {operation, unknownWord, relocation} = report;
    builder.apply({
      type: 'report',
      operation,
      unknownWord,
      remaining: hasEnded(operation) ? undefined : remaining,
      at,
      answer,
    });
    if (isOver(builder.state)) {
      notifySchedule(state, settings, operation, at);
      return builder.ended();
    }
    if (relocation?.followed === true) {
      const redactedLocation = redactUrl(relocation.location, state.tokenOrigin, settings.secrets);
      builder.apply({type: 'relocate', followed: true, location: relocation.location, redactedLocation, at, answer});
    } else if (relocation !== undefined) {
      builder.apply({type: 'relocate', followed: false, to: relocation.to, at, answer});
    }
  }
  const {stalled, changedAt} = builder.state;
  if (settings.stalledAfter !== false && !stalled && at - changedAt >= settings.stalledAfter) {
    builder.apply({type: 'stall', at, answer});
  }
  return builder.waiting(nextWait(builder.state, settings, at, retryAfter, random()), at, answer);
}

/**
 * What comes before the first {@link step} when watching begins or resumes: the initial delay, or the rest of the wait that a
 * resume token was in.
 */
export function firstStep(state: WatchState, clock: Clock, settings?: StepSettings): Step {
  const builder = new StepBuilder(state, clock, settings);
  if (isOver(state)) return builder.ended();
  const now = clock.now();
  const wait = remainingWait(state, now);
  return wait === undefined ? builder.step({wait: 0}) : builder.waiting(wait, now, undefined);
}

/** The least time between two polls that hints make, in milliseconds. */
const wakeInterval = 100;

/**
 * What a hint that the operation may have changed makes of a wait: it ends as soon as the service, or the protocol's
 * `minimumInterval`, allows the next poll. The next hint makes a poll 100 ms later at the earliest.
 *
 * @returns `undefined` where the wait ends no earlier
 */
export function wake(state: WatchState, clock: Clock, settings?: StepSettings): Change<WaitNext> | undefined {
  const at = clock.now();
  const {dueAt, notBefore} = state;
  const delay = Math.ceil(Math.max(0, (notBefore ?? at) - at));
  if (isOver(state) || at + delay >= dueAt) return undefined;
  return new StepBuilder(state, clock, settings).waiting(
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
  settings?: StepSettings,
): Step {
  const builder = new StepBuilder(state, clock, settings);
  return isOver(state) ? builder.ended() : builder.abandoned(reason, clock.now(), {cause});
}

/** A step that comes late, after the deadline, still polls once: only `requestTimeout` limits that, even if it is held back. */
function requestDeadline(deadlineAt: number, {requestTimeout}: Settings, now: number): number {
  return now < deadlineAt ? deadlineAt : now + requestTimeout;
}

function notifySchedule(
  {startedAt, lastSeenAt = startedAt}: WatchState,
  {schedule}: Settings,
  operation: Operation,
  at: number,
): void {
  const ended = {elapsed: Math.max(0, at - startedAt), after: Math.max(0, lastSeenAt - startedAt), operation};
  orReported(() => schedule.ended?.(ended));
}
