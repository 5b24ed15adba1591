import type {ServiceResponse} from '../http/service-response.ts';
import {transition} from '../machine/transitions.ts';
import type {WatchState} from '../operation/state.ts';
import {firstState} from '../options/first-state.ts';
import type {Settings} from '../options/settings.ts';
import {readId} from '../protocol/parse-operation.ts';
import {deepFreeze} from '../shared/json.ts';

/** The state of an operation that was done by the time its start was answered: the answer's body is the result. */
export function completedState(
  url: string,
  body: unknown,
  {status, answer}: ServiceResponse,
  settings: Settings,
): WatchState {
  const at = Date.now();
  // A body that is nested too deeply is of no use to anybody.
  const result = typeof body === 'object' && body !== null && !deepFreeze(body) ? null : body;
  const operation = Object.freeze({
    id: readId(body, settings.reader),
    status: 'succeeded' as const,
    rawStatus: String(status),
    raw: result,
    result,
  });
  const first = firstState(url, settings, at);
  return transition(first, {type: 'report', operation, at, answer})?.state ?? first;
}
