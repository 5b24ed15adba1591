import {abandonError} from '../operation/abandon-error.ts';
import type {Operation} from '../operation/operation.ts';
import type {PollError} from '../operation/poll-error.ts';
import type {WatchState} from '../operation/state.ts';
import {firstState} from '../options/first-state.ts';
import type {PollOptions} from '../options/poll-options.ts';
import {readOptions, type Settings} from '../options/settings.ts';
import {deriveController} from '../shared/abort.ts';
import {now, processClock} from '../shared/clock.ts';
import {type PollRequest, poll, type Report} from './poll.ts';
import {abandon, step} from './step.ts';
import type {Step} from './step-builder.ts';

/**
 * Fetches an operation once: one GET, and a second one only with a new token after a 401.
 *
 * @param location where the operation is
 * @param options as for {@link pollOperation}; those about waiting do not matter
 * @returns the operation in whatever state it is, including failed
 * @throws UnauthorizedError, ForbiddenError, OperationNotFoundError, UnreachableError (no answer, or one such as 503),
 *   ProtocolError or UnknownStatusError
 * @throws WatchAbortedError when the signal aborts
 * @throws TypeError or RangeError when an option or the location is wrong
 */
export async function fetchOperation<Result = unknown>(
  location: string | URL,
  options?: PollOptions<Result>,
): Promise<Operation<Result>> {
  const settings = readOptions(options);
  return fetchOnce<Result>(firstState(location, settings, now()), settings);
}

/**
 * Takes one step, and ends with any trouble.
 *
 * @throws the error that a watch would end with, {@link UnreachableError} for what a watch would survive
 */
export async function fetchOnce<Result>(state: WatchState, settings: Settings): Promise<Operation<Result>> {
  const strict: Settings = {
    ...settings,
    retry: {...settings.retry, retries: 0},
    consecutiveFailures: 1,
    notFoundGrace: 0,
    unknownStatus: 'fail',
  };
  const {controller, dispose} = deriveController(settings.signal);
  let failure: PollError | undefined;
  let taken: Step;
  try {
    // A client may hold the request back: here that counts towards `requestTimeout`, since a caller does not wait for hours.
    const deadlineAt = now() + settings.requestTimeout;
    const ask = async (request: PollRequest): Promise<Report> => {
      const report = await poll(strict, {...request, deadlineAt});
      if (report.is === 'failure') failure = report.error;
      return report;
    };
    const io = {settings: strict, poll: ask, signal: controller};
    taken = await step({...state, deadlineAt: undefined}, io, processClock);
  } catch (error) {
    if (!controller.aborted) throw error;
    taken = abandon(state, 'aborted', controller.reason, processClock, strict);
  } finally {
    dispose();
  }
  const {next, state: last} = taken;
  if (next.outcome?.status === 'abandoned') throw next.outcome.error;
  const {operation} = last;
  // What its protocol says of a result.
  if (operation !== undefined) return operation as Operation<Result>;
  throw abandonError('unreachable', last, now(), {cause: failure, clock: processClock});
}
