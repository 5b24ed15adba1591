import type {OperationEvent} from '../operation/events.ts';
import {PollError} from '../operation/poll-error.ts';
import type {WatchState} from '../operation/state.ts';
import type {WatchSetup} from '../options/settings.ts';
import {byProcessClock, type PollRequest, poll, type Report} from '../polling/poll.ts';
import {step as takeStep} from '../polling/step.ts';
import type {Step} from '../polling/step-builder.ts';
import {deriveController} from '../shared/abort.ts';
import type {TurnClock} from '../shared/clock.ts';
import {holdOf, type OriginHold} from './origin-holds.ts';
import type {TurnOptions} from './turn-options.ts';

/** How long a poll waits in this process for a client that holds it back, in milliseconds; longer waits are the record's. */
const longestGateWait = 1000;

/** The result of a step that may be held back. */
interface HeldStep {
  /** `undefined`: its poll is held back, and was not made. */
  readonly step: Step | undefined;
  /** What was emitted, in order. */
  readonly events: readonly OperationEvent[];
  readonly hold: OriginHold | undefined;
}

/**
 * The step, unless its poll is held back: by the runner, because the origin is held, or by its client. Held back until the deadline,
 * the step is taken without a request, and the time-out has the hold as its cause.
 *
 * @throws the signal's reason when it aborts
 */
export async function stepUnlessHeld(
  {state, settings}: WatchSetup,
  clock: TurnClock,
  {signal, heldUntil}: Pick<TurnOptions, 'signal' | 'heldUntil'>,
): Promise<HeldStep> {
  const {deadlineAt} = state;
  const isOutOfTime = (): boolean => deadlineAt !== undefined && clock.now() >= deadlineAt;
  const events: OperationEvent[] = [];
  const {controller, dispose} = deriveController(signal);
  let hold = holdOf(state, heldUntil, clock.now());

  /** What a poll found out, or the hold because of which no request was made. */
  const pollOrHold = async (request: PollRequest): Promise<Report | OriginHold> => {
    if (hold !== undefined) {
      if (!isOutOfTime()) request.onHeldBack?.(hold.until);
      return hold;
    }
    const onHeldBack = (until: number): void => {
      request.onHeldBack?.(until);
      const now = clock.now();
      if (until - now <= longestGateWait) return;
      hold = holdOf(state, until, now);
      controller.abort();
    };
    try {
      const report = await poll(settings, byProcessClock({...request, signal: controller, onHeldBack}, clock.ahead));
      if (report.is === 'failure') hold = holdAfter(report.error, state, clock.now());
      return report;
    } catch (error) {
      // Aborted, but not because its client holds it back.
      if (hold === undefined) throw error;
      return hold;
    }
  };
  const pollOnce = async (request: PollRequest): Promise<Report> => {
    const result = await pollOrHold(request);
    if ('is' in result) return result;
    if (!isOutOfTime()) throw new HeldBack();
    const message = `No request was made: held back until ${new Date(result.until).toISOString()}`;
    return {is: 'failure', error: new PollError(message, {kind: 'timeout', transient: true})};
  };

  // A step that is due at the deadline does not ask for a poll, and would give no cause.
  const isHeld = hold !== undefined && deadlineAt !== undefined;
  const from = isHeld ? {...state, dueAt: Math.min(state.dueAt, deadlineAt - 1)} : state;
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

/** The hold that follows a failed poll, if its service asked for a pause. */
function holdAfter({throttled, retryAfter = 0}: PollError, state: WatchState, now: number): OriginHold | undefined {
  const hold = throttled ? holdOf(state, now + retryAfter, now) : undefined;
  return hold && {...hold, retryAfter};
}

/** Ends a step whose poll is held back. */
class HeldBack extends Error {}
