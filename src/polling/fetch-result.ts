import {exchange, type RequestSettings, type ServiceRequest} from '../http/exchange.ts';
import {httpError, networkError, protocolError} from '../http/request-errors.ts';
import type {ServiceResponse} from '../http/service-response.ts';
import type {RequestLimits} from '../http/time-limit.ts';
import {abandonError} from '../operation/abandon-error.ts';
import type {SucceededOperation} from '../operation/operation.ts';
import type {Outcome} from '../operation/outcome.ts';
import {PollError} from '../operation/poll-error.ts';
import type {WatchState} from '../operation/state.ts';
import type {Settings, WatchSetup} from '../options/settings.ts';
import type {ProtocolReader} from '../protocol/protocol-reader.ts';
import {findResult} from '../protocol/result-location.ts';
import {exponential} from '../schedule/schedule.ts';
import type {Signal} from '../shared/abort.ts';
import {type Clock, now, processClock} from '../shared/clock.ts';
import {deepFreeze} from '../shared/json.ts';
import {pause} from '../shared/timers.ts';

const retryDelay = /* @__PURE__ */ exponential({initial: 500, factor: 1.5, max: 5000, jitter: 'equal'});

/** How far the fetching of a result has come. It is plain JSON. */
export interface ResultProgress {
  /** How many requests have been made. */
  readonly attempts: number;
  /** When `notFoundGrace` began, in milliseconds since 1970 by the runner's clock. */
  readonly since: number;
}

/** What an attempt led to: the outcome of the watch, or another attempt after a wait in whole milliseconds. */
export type ResultStep =
  | {readonly outcome: Extract<Outcome, {readonly status: 'succeeded' | 'abandoned'}>}
  | {readonly wait: number; readonly progress: ResultProgress};

/** How watching ends when the result is fetched: with it, or with a {@link ResultUnavailableError}. Never rejects. */
export async function fetchedOutcome(
  settings: Settings,
  state: WatchState,
  operation: SucceededOperation,
  signal: Signal,
): Promise<Outcome> {
  try {
    let progress: ResultProgress | undefined;
    for (;;) {
      const step = await fetchResultOnce({settings, state}, operation, progress, signal, processClock);
      if ('outcome' in step) return step.outcome;
      await pause(step.wait, signal);
      progress = step.progress;
    }
  } catch (cause) {
    const reason = settings.signal?.aborted ? 'aborted' : 'stopped';
    const error = abandonError(reason, state, now(), {cause, clock: processClock});
    return {status: 'abandoned', reason, operation, error};
  }
}

/**
 * The attempt that every runner makes to fetch what a succeeded operation produced, where the response itself does not contain it: a
 * separate phase, after the end. The resource may respond with 404 for some seconds after the operation has succeeded; that and
 * transient failures are retried for as long as `notFoundGrace`. HTTP 202 says that the result is not ready, so it is waited for
 * until the deadline, as the operation was.
 *
 * An attempt that was cut off may be made again with the same progress: it is a GET.
 *
 * @param progress what the attempt before gave; `undefined` for the first
 * @param clock the runner's clock
 * @throws the signal's reason when it aborts, and nothing else
 */
export async function fetchResultOnce(
  {settings, state}: WatchSetup,
  operation: SucceededOperation,
  progress: ResultProgress | undefined,
  signal: Signal,
  clock: Clock,
): Promise<ResultStep> {
  const attempts = (progress?.attempts ?? 0) + 1;
  // If the clock was set back, it would be in the future, and `notFoundGrace` that much longer.
  const since = Math.min(progress?.since ?? Number.POSITIVE_INFINITY, clock.now());
  const graceUntil = since + settings.notFoundGrace;
  try {
    // A client may hold a request back for hours. It may leave for as long as retries are made.
    const leaveWithin = Math.max(0, graceUntil - clock.now()) + settings.requestTimeout;
    const fetched = await withResult(settings, state, operation, {deadlineAt: now() + leaveWithin, signal});
    return {outcome: {status: 'succeeded', operation: fetched}};
  } catch (error) {
    signal.throwIfAborted();
    const cause = networkError(error, settings.secrets);
    const at = clock.now();
    if (cause.transient || cause.httpStatus === 404) {
      const context = {
        attempt: attempts,
        status: operation.status,
        operation,
        elapsed: 0,
        failures: attempts,
        random: Math.random(),
      };
      const wait = Math.ceil(cause.retryAfter ?? retryDelay(context));
      const isExpected = cause.httpStatus === 202;
      const until = isExpected ? (state.deadlineAt ?? Number.POSITIVE_INFINITY) : graceUntil;
      if (at + wait <= until) return {wait, progress: {attempts, since: isExpected ? at + wait : since}};
    }
    const unavailable = abandonError('result', state, at, {cause, clock});
    return {outcome: {status: 'abandoned', reason: 'result', operation, error: unavailable}};
  }
}

/**
 * The operation with its `result`; unchanged where its protocol knows of no result.
 *
 * @throws PollError when the result is not available; the signal's reason when it aborts
 */
async function withResult(
  settings: Settings,
  state: WatchState,
  operation: SucceededOperation,
  limits: RequestLimits,
): Promise<SucceededOperation> {
  const {reader, resultOrigin} = settings;
  const found = findResult(operation, state, settings);
  if (found.location === undefined) {
    const {result} = found;
    return result === operation.result ? operation : Object.freeze({...operation, result});
  }
  const request = {
    ...limits,
    method: 'GET' as const,
    json: undefined,
    requestTimeout: undefined,
    location: found.location,
    tokenOrigin: resultOrigin ?? state.tokenOrigin,
    operationLocation: state.location,
    headers: reader.pollHeaders,
    takesText: settings.fetchResult === 'text',
  };
  // The result is a resource of its own: it may need a token where the operation needs none, and its 303 is a plain redirect.
  const sendsToken = resultOrigin !== undefined || reader.sendsToken;
  const resultReader = {...reader, sendsToken, unfollowed: []};
  const requestSettings: RequestSettings = {...settings, reader: resultReader};
  return Object.freeze({...operation, result: await requestResult(requestSettings, request, reader)});
}

async function requestResult(
  settings: RequestSettings,
  request: ServiceRequest,
  reader: ProtocolReader,
): Promise<unknown> {
  const response = await exchange(settings, request);
  const {status, json, bodyError} = response;
  if (status >= 300) throw httpError(response, request.tokenOrigin, reader);
  if (status === 202) throw notReady(response);
  if (json === undefined) throw bodyError ?? protocolError('the result is not JSON', response);
  if (!deepFreeze(json)) throw protocolError('it is nested too deeply', response);
  return json;
}

function notReady({answer, retryAfter}: ServiceResponse): PollError {
  return new PollError('The result is not ready', {kind: 'http', transient: true, answer, retryAfter});
}
