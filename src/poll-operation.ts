import type {ResumeToken} from './operation/resume-token.ts';
import {firstState} from './options/first-state.ts';
import type {PollOptions} from './options/poll-options.ts';
import {resumeWatching} from './options/resume.ts';
import {readOptions} from './options/settings.ts';
import {OperationPoller} from './poller.ts';
import {now} from './shared/clock.ts';

/**
 * Watches an operation until it ends. Returns immediately, with watching already begun. The poller is not a promise: await its `result()`
 * or `outcome()`.
 *
 * @param location where the operation is: the `Location` of the response that started it, unchanged
 * @param options see {@link PollOptions}
 * @returns the poller, which holds everything: events, the result, a resume token
 * @throws TypeError or RangeError when an option or the location is wrong; the message names it
 *
 * @example
 * ```ts
 * const poller = pollOperation(location, {token: () => getToken()});
 * poller.on('*', ({type, attempt}) => console.log(attempt, type));
 * const operation = await poller.result();
 * ```
 */
export function pollOperation<Result = unknown>(
  location: string | URL,
  options?: PollOptions<Result>,
): OperationPoller<Result> {
  const settings = readOptions(options);
  return new OperationPoller<Result>(firstState(location, settings, now()), settings);
}

/**
 * Goes on watching an operation from a resume token, in this process or another. The rest of the wait and of the time
 * budget carry over; events report only what is new. The token of an operation that has ended gives the same outcome again
 * without a request. A watch that was abandoned continues where it was, with its count of failures reset and, after a
 * timeout, with a new time budget.
 *
 * The location, and with it the origin that the bearer token goes to, comes from the resume token: take it only from where
 * you stored it.
 *
 * @param token what `toJSON()` returned, or an error's `resumeToken`, or either as JSON text
 * @param options as for {@link pollOperation}; `protocol` may be left out where it is one of {@link protocols}
 * @returns the poller
 * @throws InvalidResumeTokenError when the token is not valid, or belongs to another protocol than the options
 * @throws TypeError or RangeError when an option is wrong
 */
export function resumeOperation<Result = unknown>(
  token: ResumeToken | string,
  options: PollOptions<Result> = {},
): OperationPoller<Result> {
  const {state, settings} = resumeWatching(token, options);
  return new OperationPoller<Result>(state, settings);
}
