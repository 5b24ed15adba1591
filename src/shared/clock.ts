// The clock of this process: milliseconds since 1970 when it starts, and from then on as monotonic as `performance.now()`.
// A wall clock that is set, by hand or by NTP, moves no deadline and no wait.

/** The clock of a runner. */
export interface Clock {
  /** The current time, in milliseconds since 1970. */
  now(): number;
  /** How far the wall clock is ahead of it, in milliseconds: the times in resume tokens are the wall clock's. */
  wallOffset(): number;
}

/**
 * The longest duration that is accepted, in milliseconds. A date can be up to 8.64e15 ms from 1970, so a time that is this far
 * from now still fits into a resume token.
 */
export const longestTime = 8e15;

/** How far ahead of `performance.now()` a timer may fire, in milliseconds: on a busy event loop they fire early. */
const timerTolerance = 1000;

// Set when the time is read for the first time.
let source: unknown;
let origin: number;
let latest: number;

/** The current time, in milliseconds since 1970. It never goes back, whatever happens to the wall clock. */
export function now(): number {
  // In this order: `latest` may begin anew.
  const time = Math.floor(monotonic());
  latest = Math.max(latest, time);
  return latest;
}

/**
 * Sets a timer. When it fires, the clock has moved on by at least the delay, so a tool that fakes timers moves the clock too, even
 * one that leaves `performance.now()` alone.
 *
 * @param given what the callback gets: one that needs no closure costs each waiting operation less memory
 * @param at the current time, where it was just read
 */
export function setTimer<Given>(
  callback: (given: Given) => void,
  delay: number,
  given: Given,
  at: number = now(),
): ReturnType<typeof setTimeout> {
  return setTimeout(fire<Given>, delay, at + delay, callback, given);
}

function fire<Given>(due: number, callback: (given: Given) => void, given: Given): void {
  const lead = due - monotonic();
  if (lead > 0) latest = Math.max(latest, due);
  // No real timer fires so early: from here on the tool's time counts.
  if (lead > timerTolerance) origin += lead;
  callback(given);
}

// 0 unless the wall clock was set since this process started.
function wallOffset(isAgain?: true): number {
  const begunAt = now();
  const offset = Date.now() - begunAt;
  // If this process stood still between the two, it looks as if the wall clock had been set.
  if (!isAgain && now() > begunAt + 1) return wallOffset(true);
  return Math.abs(offset) < timerTolerance ? 0 : offset;
}

/** The clock of this process. */
export const processClock: Clock = {now, wallOffset};

/** A clock that is the wall clock already, such as that of a workflow engine. */
export function wallClock(time: () => number): Clock {
  return {now: time, wallOffset: () => 0};
}

/** The clock of a runner while it takes a turn. */
export interface TurnClock extends Clock {
  /** How far it is ahead of the clock of this process, in milliseconds. */
  readonly ahead: number;
}

/**
 * A runner's clock that goes on as the clock of this process does: the runner's own may be set in the middle of a turn, and the two are
 * compared only once.
 *
 * @param time by the runner's clock, in milliseconds since 1970
 * @param begunAt this process's time, read just before `time`. A process may be stopped between two lines: in this order the next poll
 *   then comes later by that time, in the other one it would come earlier than the service allows
 */
export function turnClock(time: number, begunAt: number): TurnClock {
  const ahead = time - begunAt;
  return {now: () => now() + ahead, wallOffset: () => 0, ahead};
}

/** A time converted to a clock that is `by` milliseconds ahead. */
export function shiftTime(time: number | undefined, by: number): number | undefined {
  return time === undefined ? undefined : time + by;
}

function monotonic(): number {
  // A tool that fakes timers replaces the function, and its time begins wherever the tool says.
  // Looked up once: the global object finds it by a getter.
  const clock = performance;
  if (source !== clock.now) {
    source = clock.now;
    origin = Date.now() - clock.now();
    latest = Number.NEGATIVE_INFINITY;
  }
  return origin + clock.now();
}
