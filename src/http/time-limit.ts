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

/**
 * Limits a piece of work to `requestTimeout`, from the moment it is sent, and by the deadline. It ends when the signal aborts,
 * whether or not the work reacts to its signal. Once the head of a response is there, the deadline no longer ends it: a
 * response that is arriving when the deadline passes is read.
 *
 * @param salvage gives what the work is worth when the time is up; `undefined`: nothing
 * @throws PollError when the time is up; the signal's reason when it aborts; what the work throws
 */
export function withTimeLimit<T>(
  requestTimeout: number,
  {signal, deadlineAt, onHeldBack}: RequestLimits,
  kind: LimitedWork,
  work: (signal: LazyAbortController, progress: Progress) => Promise<T>,
  salvage?: (error: PollError) => T | undefined,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new LazyAbortController();
  const begunAt = now();
  let sentAt = begunAt;
  let heldUntil: number | undefined;
  let isStarting = true;
  let isOver = false;
  let hasHead = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new Promise<T>((resolve, reject) => {
    const onTimeout = (): void => {
      finish();
      const error = timeoutError(kind, now() - begunAt, heldUntil);
      const salvaged = salvage?.(error);
      if (salvaged === undefined) reject(error);
      else resolve(salvaged);
      controller.abort();
    };
    const finish = (): void => {
      clearTimeout(timer);
      isOver = true;
      unsubscribe();
    };
    const startTimer = (end: number | undefined, at: number): void => {
      clearTimeout(timer);
      if (end !== undefined && !isOver) timer = setTimer(onTimeout, timerDelay(Math.max(0, end - at)));
    };
    const unsubscribe = onAbort(signal, () => {
      finish();
      reject(signal.reason);
      controller.abort();
    });
    const progress: Progress = {
      onHeldBack: (until) => {
        // A batch may be refused after one of its requests was given up.
        if (isOver) return;
        heldUntil = until;
        onHeldBack?.(until);
      },
      onSent: () => {
        heldUntil = undefined;
        if (!isStarting) sentAt = now();
        startTimer(Math.min(sentAt + requestTimeout, deadlineAt ?? Number.POSITIVE_INFINITY), sentAt);
      },
      // It was sent in a batch that failed: what is not under way takes none of its time.
      onRequeued: () => startTimer(deadlineAt, now()),
      onHead: () => {
        hasHead = true;
        const end = sentAt + requestTimeout;
        if (deadlineAt !== undefined && deadlineAt < end) startTimer(end, now());
      },
    };
    const working = work(controller, progress);
    isStarting = false;
    // Most work has been sent by now, and has its timer.
    if (timer === undefined) startTimer(deadlineAt, begunAt);
    working.then(
      (value) => {
        finish();
        resolve(value);
      },
      (error: unknown) => {
        finish();
        reject(error);
        // The rest of a body that is too long must not keep arriving. Where `fetch` itself has rejected, there is none; and if it did so
        // because of too many content codings, an abort would make Node emit `uncaughtException`, which ends the process.
        if (hasHead) controller.abort();
      },
    );
  });
}

function timeoutError(kind: LimitedWork, elapsed: number, heldUntil: number | undefined): PollError {
  if (kind === 'token') {
    return new PollError(`The option token returned no token within ${elapsed} ms`, {kind, transient: true});
  }
  if (kind === 'retry') {
    const message = `A function of the option retry did not return within ${elapsed} ms`;
    return new PollError(message, {kind: 'network', transient: false});
  }
  const held = heldUntil === undefined ? '' : `: held back until ${new Date(heldUntil).toISOString()}`;
  return new PollError(`No answer within ${elapsed} ms${held}`, {kind: 'timeout', transient: true});
}
