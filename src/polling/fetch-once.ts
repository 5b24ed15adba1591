import {abandonError} from '../operation/abandon-error.ts';
import type {Operation} from '../operation/operation.ts';
import type {PollError} from '../operation/poll-error.ts';
import type {WatchState} from '../operation/state.ts';
import type {Settings} from '../options/settings.ts';
import {deriveController} from '../shared/abort.ts';
import {now, processClock} from '../shared/clock.ts';
import {type PollRequest, poll, type Report} from './poll.ts';
import {abandon, step} from './step.ts';
import type {Step} from './step-builder.ts';

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
