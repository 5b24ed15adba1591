import {exchange, type RequestSettings, type ServiceRequest} from '../http/exchange.ts';
import {httpError, protocolError} from '../http/request-errors.ts';
import type {ServiceResponse} from '../http/service-response.ts';
import {abandonError} from '../operation/abandon-error.ts';
import type {SucceededOperation} from '../operation/operation.ts';
import type {Outcome} from '../operation/outcome.ts';
import {PollError} from '../operation/poll-error.ts';
import type {WatchState} from '../operation/state.ts';
import type {Settings} from '../options/settings.ts';
import type {ProtocolReader} from '../protocol/protocol-reader.ts';
import {findResult} from '../protocol/result-location.ts';
import {exponential} from '../schedule/schedule.ts';
import type {Signal} from '../shared/abort.ts';
import {now, processClock} from '../shared/clock.ts';
import {deepFreeze} from '../shared/json.ts';
import {pause} from '../shared/timers.ts';

const retryDelay = exponential({initial: 500, factor: 1.5, max: 5000, jitter: 'equal'});

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
      const error = abandonError(reason, state, now(), {cause: signal.reason, clock: processClock});
      return {status: 'abandoned', reason, operation, error};
    }
    const error = abandonError('result', state, now(), {cause, clock: processClock});
    return {status: 'abandoned', reason: 'result', operation, error};
  }
}

/**
 * Fetches what a succeeded operation produced, where it is not in the answer itself: a separate phase, after the end. The
 * resource may answer 404 for some seconds after the operation has succeeded; that and transient failures are retried for
 * as long as `notFoundGrace`.
 *
 * @returns the operation with its `result`; unchanged where its protocol knows of no result
 * @throws PollError when the result is not available; the signal's reason when it aborts
 */
async function fetchResult(
  settings: Settings,
  state: WatchState,
  operation: SucceededOperation,
  signal: Signal,
): Promise<SucceededOperation> {
  const {reader, resultOrigin, root, base} = settings;
  const {resultLocation, deadlineAt} = state;
  const source = findResult(operation, reader, {location: state.location, resultLocation, root, base});
  if (source.at === 'start') throw startUnknown();
  if (source.at === 'operation') {
    const {result} = source;
    return result === undefined || result === operation.result ? operation : Object.freeze({...operation, result});
  }
  const {location} = source;
  const graceUntil = now() + settings.notFoundGrace;
  // HTTP 202 says that the result is not ready, so it is waited for as the operation was.
  const readyUntil = Math.max(graceUntil, deadlineAt ?? Number.POSITIVE_INFINITY);
  const request = {
    location,
    tokenOrigin: resultOrigin ?? state.tokenOrigin,
    home: state.location,
    headers: reader.pollHeaders,
    takesText: settings.fetchResult === 'text',
    // A client may hold a request back for hours: the last one may leave when the retries end.
    deadlineAt: graceUntil + settings.requestTimeout,
    signal,
  };
  // The result is a resource of its own: it may need a token where the operation needs none, and its 303 is a plain redirect.
  const sendsToken = resultOrigin !== undefined || reader.sendsToken;
  const resultReader = {...reader, sendsToken, unfollowed: new Set<number>()};
  const requestSettings: RequestSettings = {...settings, reader: resultReader};
  for (let attempt = 1; ; attempt++) {
    try {
      return Object.freeze({...operation, result: await requestResult(requestSettings, request, reader)});
    } catch (error) {
      if (!(error instanceof PollError) || !(error.transient || error.httpStatus === 404)) throw error;
      const {status} = operation;
      const context = {attempt, status, operation, elapsed: 0, failures: attempt, random: Math.random()};
      const delay = error.retryAfter ?? retryDelay(context);
      const until = error.httpStatus === 202 ? readyUntil : graceUntil;
      if (now() + delay > until) throw error;
      request.deadlineAt = Math.min(until, now() + delay + settings.notFoundGrace) + settings.requestTimeout;
      await pause(delay, signal);
    }
  }
}

async function requestResult(
  settings: RequestSettings,
  request: ServiceRequest,
  reader: ProtocolReader,
): Promise<unknown> {
  const response = await exchange(settings, request);
  const {status, json} = response;
  if (status >= 300) throw httpError(response, request.tokenOrigin, reader);
  if (status === 202) throw notReady(response);
  if (json === undefined) throw protocolError('the result is not JSON', response);
  if (!deepFreeze(json)) throw protocolError('it is nested too deeply', response);
  return json;
}

function startUnknown(): PollError {
  const message =
    'Its protocol looks for it where the operation was started, which is not known: give the option started, {method, url, location}';
  return new PollError(message, {kind: 'protocol', transient: false});
}

function notReady({answer, retryAfter}: ServiceResponse): PollError {
  return new PollError('The result is not ready', {kind: 'http', transient: true, answer, retryAfter});
}
