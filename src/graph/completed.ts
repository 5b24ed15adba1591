import type {Answered} from '../http/exchange.ts';
import {move} from '../machine/machine.ts';
import type {WatchState} from '../operation/state.ts';
import {beginWatching, type Settings} from '../options/options.ts';
import {ownProperty} from '../protocol/pointer.ts';
import {deepFreeze} from '../shared/json.ts';

/** The state of an operation that was done by the time its start was answered: the answer's body is the result. */
export function completedState(url: string, body: unknown, {reply, answer}: Answered, settings: Settings): WatchState {
  const at = Date.now();
  const id = ownProperty(body, 'id');
  // A body that is nested too deeply is of no use to anybody.
  const result = typeof body === 'object' && body !== null && !deepFreeze(body) ? null : body;
  const operation = Object.freeze({
    id: typeof id === 'string' ? id : undefined,
    status: 'succeeded' as const,
    rawStatus: String(reply.status),
    raw: result,
    result,
  });
  return move(beginWatching(url, settings, at), {type: 'report', operation, at, answer}).state;
}
