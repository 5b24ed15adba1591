import {PollError} from '../operation/poll-error.ts';
import {LazyAbortController, onAbort, type Signal} from '../shared/abort.ts';
import {now, setTimer} from '../shared/clock.ts';
import {timerDelay} from '../shared/timers.ts';
import type {TransportRequest} from './transport.ts';

/** What ends a request early. */
export interface RequestLimits {
  /** When the head of the response must be there at the latest, in milliseconds since 1970. */
  readonly deadlineAt: number | undefined;
  /** Ends it immediately. */
  readonly signal: Signal;
  /** Called when the work is held back until a time, in milliseconds since 1970. */
  readonly onHeldBack?: ((until: number) => void) | undefined;
}

/** A request, or a function of the user: the option `token`, or a hook of the option `retry`. */
type LimitedWork = 'request' | 'token' | 'retry';

/** What work reports of a request on its way. */
export type Progress = Pick<TransportRequest, 'onHeldBack' | 'onSent' | 'onRequeued' | 'onHead'>;

/** How far limited work has come. */
type Stage =
  /** it has not been sent, or is to be sent again; it may be held back until a time, in milliseconds since 1970 */
  | {readonly is: 'waiting'; readonly heldUntil?: number}
  | {readonly is: 'sent'; readonly sentAt: number}
  /** the head of the response is there */
  | {readonly is: 'arriving'; readonly sentAt: number}
  | {readonly is: 'over'};

/**
 * Limits a piece of work to `requestTimeout`, from the moment it is sent, and by the deadline. It ends when the signal aborts,
 * whether or not the work reacts to its signal. Once the head of a response is there, the deadline no longer ends it: a
 * response that is arriving when the deadline passes is read.
 *
 * @param recover gives what the work is worth after an error, or throws. Default: throws the error
 * @throws PollError when the time is up; the signal's reason when it aborts; what the work throws
 */
export function withTimeLimit<T>(
  requestTimeout: number,
  {signal, deadlineAt, onHeldBack}: RequestLimits,
  kind: LimitedWork,
  work: (signal: LazyAbortController, progress: Progress) => Promise<T>,
  recover: (error: unknown) => T = rethrow,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new LazyAbortController();
  const begunAt = now();
  let stage: Stage = {is: 'waiting'};
  return new Promise<T>((resolve, reject) => {
    // When its time is up, and the timer for that.
    let end = Number.POSITIVE_INFINITY;
    let timer: ReturnType<typeof setTimeout> | undefined;
    /** @param at the current time, where it was just read */
    const enter = (next: Stage, at?: number): void => {
      if (stage.is === 'over') return;
      stage = next;
      if (next.is === 'over') unsubscribe();
      const nextEnd = endOf(next, requestTimeout, deadlineAt);
      if (nextEnd === end) return;
      end = nextEnd;
      clearTimeout(timer);
      if (end < Number.POSITIVE_INFINITY) startTimer(at);
    };
    const startTimer = (at = now()): void => {
      timer = setTimer(onTimer, timerDelay(end - at), undefined, at);
    };
    const onTimer = (): void => {
      if (now() < end) {
        startTimer(); // It holds 25 days at most.
        return;
      }
      // The limit, not the time that has passed: a timer fires late on a busy machine.
      const limit = end === deadlineAt ? Math.max(0, Math.round(deadlineAt - begunAt)) : requestTimeout;
      giveUp(timeoutError(kind, limit, stage));
    };
    const giveUp = (reason: unknown): void => {
      fail(reason);
      controller.abort();
    };
    const fail = (error: unknown): void => {
      // Work that was given up fails too.
      if (stage.is === 'over') return;
      enter({is: 'over'});
      try {
        resolve(recover(error));
      } catch (failure) {
        reject(failure);
      }
    };
    const unsubscribe = onAbort(signal, () => giveUp(signal.reason));
    work(controller, {
      onHeldBack: (heldUntil) => {
        // A batch may be refused after one of its requests was given up.
        if (stage.is !== 'over') onHeldBack?.(heldUntil);
        enter({is: 'waiting', heldUntil});
      },
      onSent: () => {
        const sentAt = now();
        enter({is: 'sent', sentAt}, sentAt);
      },
      onRequeued: () => enter({is: 'waiting'}),
      onHead: () => enter({is: 'arriving', sentAt: 'sentAt' in stage ? stage.sentAt : begunAt}),
    }).then(
      (value) => {
        enter({is: 'over'});
        resolve(value);
      },
      (error: unknown) => {
        // The rest of a body that is too long must not keep arriving. Where `fetch` itself has rejected, there is none; and if it did so
        // because of too many content codings, an abort would make Node emit `uncaughtException`, which ends the process.
        if (stage.is === 'arriving') controller.abort();
        fail(error);
      },
    );
    // Most work has been sent by now, and its timer is running.
    if (stage.is === 'waiting') enter(stage);
  });
}

/** When its time is up, in milliseconds since 1970. */
function endOf(stage: Stage, requestTimeout: number, deadlineAt = Number.POSITIVE_INFINITY): number {
  if (stage.is === 'over') return Number.POSITIVE_INFINITY;
  if (stage.is === 'waiting') return deadlineAt;
  const end = stage.sentAt + requestTimeout;
  return stage.is === 'sent' ? Math.min(end, deadlineAt) : end;
}

function rethrow(error: unknown): never {
  throw error;
}

/** The error for a function of the user that does not do what it should. */
export function optionError(option: 'token' | 'retry', did: string): PollError {
  return new PollError(`The option ${option} ${did}`, {
    kind: option === 'token' ? option : 'network',
    transient: false,
  });
}

function timeoutError(kind: LimitedWork, limit: number, stage: Stage): PollError {
  if (kind !== 'request') return optionError(kind, `did not return within ${limit} ms`);
  const heldUntil = stage.is === 'waiting' ? stage.heldUntil : undefined;
  const held = heldUntil === undefined ? '' : `: held back until ${new Date(heldUntil).toISOString()}`;
  return new PollError(`No answer within ${limit} ms${held}`, {kind: 'timeout', transient: true});
}
