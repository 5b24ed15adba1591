import type {EmulatedOperation} from '../emulated-operation.ts';
import type {MoveName} from './wire.ts';

type Move = (operation: EmulatedOperation) => void;

/** What the buttons do. The words are those of Graph's `longRunningOperation`, which knows of no `canceled`. */
export const moves: Readonly<Record<MoveName, Move>> = {
  start: (operation) => operation.move('running'),
  succeed: (operation) => operation.move('succeeded'),
  fail: (operation) => operation.move({status: 'failed', detail: 'FailedByHand'}),
  cancel: (operation) => operation.move('skipped'),
  throttle: (operation) => operation.interrupt([{http: 429, retryAfter: 5}]),
  // Not a reset: a browser repeats a GET by itself when a connection that it kept is reset.
  lose: (operation) => operation.interrupt([{fault: 'truncated'}]),
  forget: (operation) => operation.move({http: 404}),
};
