import type {WaitCause} from '../operation/events.ts';
import {allowedFrom, lastPollAt, type WatchState} from '../operation/state.ts';
import type {Settings} from '../options/settings.ts';
import {defaultSchedule} from '../schedule/schedule.ts';
import {describeClass} from '../shared/check-options.ts';
import {longestTime} from '../shared/clock.ts';
import {reportUncaught} from '../shared/report-error.ts';

/** A wait before the next poll. */
export interface Wait {
  /** Milliseconds. */
  readonly delay: number;
  readonly because: WaitCause;
  /** When the service, or the protocol's `minimumInterval`, allows the next poll. */
  readonly notBefore?: number | undefined;
}

/**
 * The wait after a poll: what the service asked for, else what the schedule says, cut at the deadline. No wait is longer than
 * the time that is left: the last poll goes out just before the deadline.
 *
 * @param now in milliseconds since 1970
 * @param retryAfter the wait that the service asked for, in milliseconds
 * @param random from 0 to 1, without 1
 */
export function nextWait(
  state: WatchState,
  settings: Settings,
  now: number,
  retryAfter: number | undefined,
  random: number,
): Wait {
  const {deadlineAt, dueAt} = state;
  const {minimumInterval} = settings.reader;
  const notBefore = allowedFrom(state, now, retryAfter ?? (minimumInterval || undefined));
  if (deadlineAt !== undefined && dueAt === lastPollAt(state)) {
    return {...untilDeadline(deadlineAt, now), notBefore};
  }
  if (retryAfter !== undefined)
    return beforeDeadline({delay: retryAfter, because: 'retryAfter', notBefore}, state, now);
  const delay = Math.ceil(scheduledDelay(state, settings, now, random));
  return beforeDeadline({delay, because: 'schedule', notBefore}, state, now);
}

/** The rest of a wait when watching begins or resumes; `undefined` when the next poll is due. */
export function remainingWait(state: WatchState, now: number): Wait | undefined {
  const {attempt, dueAt, deadlineAt, notBefore} = state;
  const delay = Math.ceil(dueAt - now);
  if (delay <= 0) return undefined;
  const rest: Wait = {delay, because: attempt === 0 ? 'initialDelay' : 'resume', notBefore};
  // After the last poll there is only the deadline to wait for.
  const hadLastPoll = attempt > 0 && dueAt === deadlineAt;
  return hadLastPoll ? rest : beforeDeadline(rest, state, now);
}

/** A wait that leaves time for the last poll. */
function beforeDeadline(planned: Wait, state: WatchState, now: number): Wait {
  const {deadlineAt = Number.POSITIVE_INFINITY} = state;
  const untilLastPoll = lastPollAt(state) - now;
  if (planned.delay <= untilLastPoll) return planned;
  if (untilLastPoll > 0) return {...planned, delay: untilLastPoll, because: 'deadline'};
  const untilEnd = untilDeadline(deadlineAt, now);
  return planned.delay < untilEnd.delay ? planned : {...planned, ...untilEnd};
}

function untilDeadline(deadlineAt: number, now: number): Pick<Wait, 'delay' | 'because'> {
  return {delay: Math.ceil(Math.max(0, deadlineAt - now)), because: 'deadline'};
}

function scheduledDelay(state: WatchState, {schedule, reader}: Settings, now: number, random: number): number {
  const {attempt, operation, failures, startedAt} = state;
  const status = operation?.status ?? 'notStarted';
  const context = {attempt, status, operation, failures, elapsed: Math.max(0, now - startedAt), random};
  let delay: number;
  try {
    delay = schedule(context);
    if (!(Number.isFinite(delay) && delay >= 0)) {
      throw new RangeError(`schedule: expected milliseconds from 0 on, got ${describeClass(delay)}`);
    }
  } catch (error) {
    reportUncaught(error);
    delay = defaultSchedule(context);
  }
  return Math.min(Math.max(delay, reader.minimumInterval), reader.maximumInterval, longestTime);
}
