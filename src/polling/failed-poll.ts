import type {PollError} from '../operation/poll-error.ts';
import type {AbandonReason, WatchState} from '../operation/state.ts';
import type {TroubleEvent} from '../operation/watch-event.ts';
import type {Settings} from '../options/settings.ts';

/** The shortest `Retry-After` that says when the service is to be asked again, in milliseconds. */
const enoughWait = 1000;

/**
 * What a failed poll counts as. Throttling with a `Retry-After` does not mean that the service is unreachable, however short
 * `maxRetryAfter` makes it. Any other failure with one was deferred rather than retried: as many of them make a failed poll as retries
 * would have.
 */
export function countOf(
  {httpStatus, retryAfter, throttled, transient}: PollError,
  {deferredAttempts}: WatchState,
  {retry, maxRetryAfter = enoughWait}: Settings,
): TroubleEvent['counts'] {
  if (httpStatus === 404) return 'missing';
  if (retryAfter === undefined || !transient) return 'failure';
  if (throttled && retryAfter >= Math.min(enoughWait, maxRetryAfter)) return 'nothing';
  return deferredAttempts < retry.retries ? 'deferral' : 'failure';
}

/**
 * Why watching ends after a failed poll; `undefined`: it goes on.
 *
 * @param state what is known, this failure counted
 * @param at in milliseconds since 1970
 */
export function reasonToAbandon(
  {ends, httpStatus, kind, transient}: PollError,
  {missingSince, deadlineAt, failures}: WatchState,
  {notFoundGrace, consecutiveFailures}: Settings,
  at: number,
): AbandonReason | undefined {
  if (ends !== undefined) return ends;
  if (httpStatus === 404 && missingSince !== undefined && at - missingSince >= notFoundGrace) return 'notFound';
  if (deadlineAt !== undefined && at >= deadlineAt) return 'timeout';
  if (failures < consecutiveFailures) return undefined;
  if (kind === 'token') return 'unauthorized';
  return transient ? 'unreachable' : 'protocol';
}
