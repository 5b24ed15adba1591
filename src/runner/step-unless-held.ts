import type {OperationEvent} from '../operation/events.ts';
import {PollError} from '../operation/poll-error.ts';
import type {WatchState} from '../operation/state.ts';
import type {Resumed} from '../options/resume.ts';
import {byProcessClock, type PollRequest, poll, type Report} from '../polling/poll.ts';
import {step as takeStep} from '../polling/step.ts';
import type {Step} from '../polling/step-builder.ts';
import {deriveController} from '../shared/abort.ts';
import {type Clock, now as processNow} from '../shared/clock.ts';

/** The longest hold of an origin, in milliseconds: whatever a service asks for, it is asked again after so long. */
export const longestHold = 3_600_000;

/** How long a poll waits in this process for a client that holds it back, in milliseconds; longer waits are the record's. */
const longestGateWait = 1000;

/** An origin asked for no requests for a while. */
export interface OriginHold {
  readonly origin: string;
  /** In milliseconds since 1970 by the runner's clock, an hour from now at most. */
  readonly until: number;
  /** The wait that the service asked for, in milliseconds; absent where the origin was held already. */
  readonly retryAfter?: number | undefined;
}

/** The hold of an operation's origin by the runner; `undefined` where it is not held. */
export function holdOf({location}: WatchState, heldUntil: number | undefined, now: number): OriginHold | undefined {
  if (heldUntil === undefined || heldUntil <= now) return undefined;
  return {origin: new URL(location).origin, until: Math.min(heldUntil, now + longestHold)};
}

/** The result of a step that may be held back. */
export interface HeldStep {
  /** `undefined`: its poll is held back, and was not made. */
  readonly step: Step | undefined;
  /** What was emitted, in order. */
  readonly events: readonly OperationEvent[];
  readonly hold: OriginHold | undefined;
}

/**
 * The step, unless its poll is held back: by the runner or by its client. Held back until the deadline, the step is taken
 * without a request, and the time-out has the hold as its cause.
 *
 * @throws the signal's reason when it aborts
 */
export async function stepUnlessHeld(
  {state, settings}: Resumed,
  clock: Clock,
  given: {readonly signal: AbortSignal | undefined; readonly heldUntil: number | undefined},
): Promise<HeldStep> {
  const {location, deadlineAt} = state;
  const begunAt = clock.now();
  const ahead = begunAt - processNow();
  const events: OperationEvent[] = [];
  const {controller, dispose} = deriveController(given.signal);
  const capped = (until: number): number => Math.min(until, clock.now() + longestHold);
  let hold = holdOf(state, given.heldUntil, begunAt);
  let heldUntil = hold?.until;
  const holdUntil = (until: number, retryAfter?: number): OriginHold => ({
    origin: new URL(location).origin,
    until,
    retryAfter,
  });
  const isOutOfTime = (): boolean => deadlineAt !== undefined && clock.now() >= deadlineAt;

  const pollOnce = async (request: PollRequest): Promise<Report> => {
    const onHeldBack = (until: number): void => {
      request.onHeldBack?.(until);
      if (until - clock.now() <= longestGateWait) return;
      heldUntil = capped(until);
      hold = holdUntil(heldUntil);
      controller.abort();
    };
    if (heldUntil === undefined) {
      try {
        const report = await poll(settings, byProcessClock({...request, signal: controller, onHeldBack}, ahead));
        if (report.is === 'failure') hold = holdAfter(report.error);
        return report;
      } catch (error) {
        if (heldUntil === undefined) throw error;
      }
    } else if (!isOutOfTime()) request.onHeldBack?.(heldUntil);
    if (!isOutOfTime()) throw new HeldBack();
    const message = `No request was made: held back until ${new Date(heldUntil).toISOString()}`;
    return {is: 'failure', error: new PollError(message, {kind: 'timeout', transient: true})};
  };
  const holdAfter = ({throttled, retryAfter = 0}: PollError): OriginHold | undefined =>
    throttled && retryAfter > 0 ? holdUntil(capped(clock.now() + retryAfter), retryAfter) : undefined;

  // A step that is due at the deadline gives no cause.
  const isHeldToTheEnd = heldUntil !== undefined && deadlineAt !== undefined;
  const from = isHeldToTheEnd ? {...state, dueAt: Math.min(state.dueAt, deadlineAt - 1)} : state;
  try {
    const onChange = (change: {readonly events: readonly OperationEvent[]}): void => void events.push(...change.events);
    const step = await takeStep(from, {settings, poll: pollOnce, signal: controller, onChange}, clock);
    return {step, events: [...events, ...step.events], hold};
  } catch (error) {
    if (error instanceof HeldBack) return {step: undefined, events, hold};
    throw error;
  } finally {
    dispose();
  }
}

/** Ends a step whose poll is held back. */
class HeldBack extends Error {}
