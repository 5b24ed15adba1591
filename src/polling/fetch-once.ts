import {abandonError} from '../operation/abandon-error.ts';
import type {PollError} from '../operation/errors.ts';
import type {Operation} from '../operation/operation.ts';
import type {WatchState} from '../operation/state.ts';
import type {Settings} from '../options/options.ts';
import {deriveController} from '../shared/abort.ts';
import {poll, type Question, type Report} from './poll.ts';
import {abandon, advance, type Step} from './step.ts';

/**
 * One step that takes any trouble for the end.
 *
 * @throws the error that a watch would end with, {@link UnreachableError} for what it would survive
 */
export async function fetchOnce(state: WatchState, settings: Settings): Promise<Operation> {
  const strict: Settings = {
    ...settings,
    retry: {...settings.retry, retries: 0},
    consecutiveFailures: 1,
    notFoundGrace: 0,
    unknownStatus: 'fail',
  };
  const {controller, dispose} = deriveController(settings.signal);
  let failure: PollError | undefined;
  const ask = async (question: Question): Promise<Report> => {
    const report = await poll(strict, question);
    if (report.is === 'failure') failure = report.error;
    return report;
  };
  let step: Step;
  try {
    step = await advance(
      {...state, deadlineAt: undefined},
      {settings: strict, poll: ask, signal: controller},
      Date.now,
    );
  } catch (error) {
    if (!controller.aborted) throw error;
    step = abandon(state, 'aborted', Date.now(), controller.reason);
  } finally {
    dispose();
  }
  if ('outcome' in step.next && step.next.outcome.status === 'abandoned') throw step.next.outcome.error;
  const {operation} = step.state;
  if (operation !== undefined) return operation;
  throw abandonError('unreachable', step.state, Date.now(), {cause: failure});
}
