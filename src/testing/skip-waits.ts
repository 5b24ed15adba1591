import {checkFunctions} from './checks.ts';

const checkPoller = checkFunctions('a poller', 'on');
const checkTimers = checkFunctions('fake timers: jest or vi', 'advanceTimersByTimeAsync');

/** What reports each of its waits when it begins: a poller. */
export interface WaitingPoller {
  on(type: 'waiting' | 'retrying', listener: (event: {readonly at: number; readonly delay: number}) => void): unknown;
}

/** Fake timers: `jest` of Jest, `vi` of Vitest. */
export interface FakeTimers {
  advanceTimersByTimeAsync(milliseconds: number): unknown;
}

/**
 * Lets every wait of a poller pass at once, under fake timers. Time then advances only while the poller waits: during a request it would
 * trigger the request's own timeout.
 *
 * @param poller whose waits to skip, from now on: call it before the poller's first request. Not a tracker, which has a timer of its own,
 *   nor one of a Graph client that collects polls for its batches: give that client `batch: false`
 * @param timers the fake timers, which are in use
 * @throws TypeError that names the argument where it is none
 *
 * @example
 * jest.useFakeTimers();
 * const poller = pollOperation(location, {token: 'test-token'});
 * skipWaits(poller, jest);
 * await poller.result(); // ten minutes later by the fake clock
 */
export function skipWaits(poller: WaitingPoller, timers: FakeTimers): void {
  checkPoller('poller', poller);
  checkTimers('timers', timers);
  let due = 0;
  const skip = ({at, delay}: {readonly at: number; readonly delay: number}): void => {
    // A wait that follows a failed poll is reported by both events.
    if (at + delay <= due) return;
    due = at + delay;
    void timers.advanceTimersByTimeAsync(delay);
  };
  poller.on('waiting', skip);
  poller.on('retrying', skip);
}
