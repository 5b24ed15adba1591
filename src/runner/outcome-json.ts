import {abandonError} from '../operation/abandon-error.ts';
import {InvalidResumeTokenError, UnknownStatusError} from '../operation/errors.ts';
import {endedOutcome, type Outcome} from '../operation/outcome.ts';
import {isPollError, type PollErrorJson, readPollError, writePollError} from '../operation/poll-error.ts';
import {readResumeToken} from '../operation/read-resume-token.ts';
import type {ResumeToken} from '../operation/resume-token.ts';
import {type Answer, abandonReasons, type WatchState} from '../operation/state.ts';
import {
  type Check,
  type Checks,
  checkBoolean,
  checkForm,
  checkObjectWith,
  checkOneOf,
  checkOptions,
  checkRange,
  ownProperties,
} from '../shared/check-options.ts';
import {isRecord} from '../shared/json.ts';

/** What the resume token of a watch that is over does not say about its end. */
export interface EndJson {
  /** The failed request that led to giving up. */
  readonly cause?: PollErrorJson | undefined;
  /** The unknown status that led to giving up. */
  readonly rawStatus?: string | undefined;
  /** When fetching the result was given up, in milliseconds since 1970: the operation itself has succeeded. */
  readonly resultFailedAt?: number | undefined;
}

/** An {@link Outcome} as plain JSON. It contains the whole location, see {@link ResumeToken}. */
export interface OutcomeJson extends EndJson {
  /** The resume token of the watch that is over. */
  readonly token: ResumeToken;
}

/**
 * Writes how a watch ended as plain JSON.
 *
 * @param token the resume token of the watch, taken when it was over: `poller.toJSON()`
 * @throws TypeError that names the argument where it is none
 */
export function writeOutcome(outcome: Outcome, token: ResumeToken): OutcomeJson {
  checkOutcome('outcome', outcome);
  checkResumeToken('token', token);
  return {token, ...writeEnd(outcome, token)};
}

/** Writes what a token does not say about the end. */
export function writeEnd(outcome: Outcome, {startedAt}: Pick<ResumeToken, 'startedAt'>): EndJson {
  if (outcome.status !== 'abandoned') return {};
  const {reason, error} = outcome;
  return {
    ...(isPollError(error.cause) ? {cause: writePollError(error.cause)} : {}),
    ...(error instanceof UnknownStatusError ? {rawStatus: error.rawStatus} : {}),
    ...(reason === 'result' ? {resultFailedAt: startedAt + error.elapsed} : {}),
  };
}

/**
 * Reads what {@link writeOutcome} wrote: the same union, with errors of the same classes and the same fields. `Result` is the type of
 * the result, which nobody checks.
 *
 * @throws InvalidResumeTokenError, TypeError or RangeError that says what is wrong with it
 */
export function readOutcome<Result = unknown>(json: OutcomeJson): Outcome<Result> {
  const {token, ...end} = checkOptions(json, outcomeChecks, {name: 'outcome', kind: 'field', required: ['token']});
  return readEnd(readResumeToken(token), end) as Outcome<Result>;
}

/** How a watch ended, from its state and from what {@link writeEnd} wrote. */
export function readEnd(state: WatchState, end: EndJson): Outcome {
  const {cause, rawStatus, resultFailedAt} = ownProperties(end);
  const facts = {
    ...(cause === undefined ? {} : {cause: readPollError(cause)}),
    ...(rawStatus === undefined ? {} : {word: rawStatus}),
  };
  const ended = endedOutcome(state);
  if (ended?.status === 'succeeded' && resultFailedAt !== undefined) {
    const error = abandonError('result', state, resultFailedAt, facts);
    return {status: 'abandoned', reason: 'result', operation: ended.operation, error};
  }
  if (ended !== undefined) return ended;
  const {abandoned: reason, endedAt, answer, operation} = state;
  if (reason === undefined || endedAt === undefined) {
    throw new InvalidResumeTokenError('Invalid resume token: its watch is not over');
  }
  // As when it was given up: the error is made from the state before.
  const before = {...state, abandoned: undefined, endedAt: undefined, answer: undefined};
  return {status: 'abandoned', reason, operation, error: abandonError(reason, before, endedAt, {answer, ...facts})};
}

/** A string; it is not shown. */
export const checkString: Check = checkForm('a string', (value) => typeof value === 'string');
/** A time. */
export const checkTime: Check = checkRange({takes: 'milliseconds since 1970,', least: -8.64e15, most: 8.64e15});
/** The time by a runner's clock. */
export const checkNow: Check = checkRange({takes: 'milliseconds since 1970,', most: 8.64e15});
const checkOutcome = checkForm('an outcome', (value) => typeof Object(value).status === 'string');
/** A resume token, which is read for itself. */
export const checkResumeToken: Check = checkForm('a resume token', isRecord);

const answerChecks = {
  httpStatus: checkRange({whole: true}),
  requestId: checkString,
  clientRequestId: checkString,
  date: checkString,
} satisfies Checks<Answer>;

const causeChecks = {
  message: checkString,
  kind: checkOneOf('http', 'network', 'timeout', 'protocol', 'token'),
  transient: checkBoolean,
  throttled: checkBoolean,
  answer: checkObjectWith(answerChecks, {kind: 'field', required: ['httpStatus', 'clientRequestId']}),
  code: checkString,
  retryAfter: checkRange(),
  ends: checkOneOf(...abandonReasons),
} satisfies Checks<PollErrorJson>;

export const endChecks = {
  cause: checkObjectWith(causeChecks, {kind: 'field', required: ['message', 'kind', 'transient']}),
  rawStatus: checkString,
  resultFailedAt: checkTime,
} satisfies Checks<EndJson>;

const outcomeChecks = {token: checkResumeToken, ...endChecks} satisfies Checks<OutcomeJson>;
