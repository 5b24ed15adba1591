import {exchange, httpError} from '../http/exchange.ts';
import {protocolError} from '../http/request.ts';
import {bodyJson} from '../http/transport.ts';
import {abandonError} from '../operation/abandon-error.ts';
import {PollError} from '../operation/errors.ts';
import type {SucceededOperation} from '../operation/operation.ts';
import type {Outcome} from '../operation/outcome.ts';
import type {WatchState} from '../operation/state.ts';
import type {Settings} from '../options/options.ts';
import {resultLocation} from '../protocol/result-location.ts';
import {exponential} from '../schedule/schedule.ts';
import type {Signal} from '../shared/abort.ts';
import {deepFreeze} from '../shared/json.ts';
import {pause} from '../shared/pause.ts';

const retryDelay = exponential({initial: 500, factor: 1.5, max: 5000, jitter: 'equal'});

/**
 * Fetches what a succeeded operation produced, where it is not in the answer itself: a phase of its own, after the end. The
 * resource may answer 404 for some seconds after the operation has succeeded; that and what is transient is tried again, for
 * as long as `notFoundGrace`.
 *
 * @returns the operation with its `result`; as it is, where its protocol knows of no result
 * @throws PollError when the result cannot be had; the signal's reason when it aborts
 */
async function fetchResult(
  settings: Settings,
  state: WatchState,
  operation: SucceededOperation,
  signal: Signal,
): Promise<SucceededOperation> {
  if (operation.result !== undefined) return operation;
  const location = resultLocation(operation, settings.reader, {location: state.location, started: settings.started});
  if (location === undefined) return operation;
  const until = Date.now() + settings.notFoundGrace;
  const {reader, resultHome} = settings;
  const errand = {location, tokenOrigin: resultHome ?? state.tokenOrigin, deadlineAt: undefined, signal};
  // The result is not the operation: it may need a token where the operation does not, and be redirected where that ends.
  const sendsToken = resultHome !== undefined || reader.sendsToken;
  const asking: Settings = {...settings, reader: {...reader, sendsToken, seeOtherSucceeds: false}};
  for (let attempt = 1; ; attempt++) {
    try {
      return Object.freeze({...operation, result: await ask(asking, errand)});
    } catch (error) {
      if (!(error instanceof PollError) || !(error.transient || error.httpStatus === 404)) throw error;
      const context = {
        attempt,
        status: operation.status,
        operation,
        elapsed: 0,
        failures: attempt,
        random: Math.random(),
      };
      const delay = error.retryAfter ?? retryDelay(context);
      if (Date.now() + delay > until) throw error;
      await pause(delay, signal);
    }
  }
}

async function ask(settings: Settings, errand: Parameters<typeof exchange>[1]): Promise<unknown> {
  const answered = await exchange(settings, errand, {done: false});
  const {reply, answer} = answered;
  if (reply.status >= 300) throw httpError(answered, errand.tokenOrigin);
  const json = bodyJson(reply.body);
  if (json === undefined) throw protocolError('the result is no JSON', answer);
  if (typeof json === 'object' && json !== null && !deepFreeze(json))
    throw protocolError('it is nested too deeply', answer);
  return json;
}

/** How watching ends when the result is fetched: with it, or with a {@link ResultUnavailableError}. Never rejects. */
export async function fetchedOutcome(
  settings: Settings,
  state: WatchState,
  operation: SucceededOperation,
  signal: Signal,
): Promise<Outcome> {
  try {
    return {status: 'succeeded', operation: await fetchResult(settings, state, operation, signal)};
  } catch (cause) {
    if (signal.aborted) {
      const reason = settings.signal?.aborted ? 'aborted' : 'stopped';
      const error = abandonError(reason, state, Date.now(), {cause: signal.reason});
      return {status: 'abandoned', reason, operation, error};
    }
    const error = abandonError('result', state, Date.now(), {cause});
    return {status: 'abandoned', reason: 'result', operation, error};
  }
}
