import {abandonError} from './abandon-error.ts';
import {InvalidResumeTokenError, type PollError} from './errors.ts';
import type {Operation} from './operation.ts';
import {beginWatching, type PollOptions, readOptions, type Settings} from './options.ts';
import {poll, type Question, type Report} from './poll.ts';
import {OperationPoller} from './poller.ts';
import {protocolNamed} from './protocol/protocols.ts';
import {type ResumeToken, readResumeToken} from './resume-token.ts';
import {isOver, type WatchState} from './state.ts';
import {abandon, advance, type Step} from './step.ts';

/**
 * Watches an operation until it ends. Returns at once; watching has begun.
 *
 * @param location where the operation is: the `Location` of the answer to its start, as it stands
 * @param options see {@link PollOptions}
 * @returns the poller, which holds everything: events, the result, a resume token
 * @throws TypeError or RangeError when an option or the location is not as it should be; the message names it
 *
 * @example
 * ```ts
 * const poller = pollOperation(location, {token: () => getToken()});
 * poller.on('*', ({type, attempt}) => console.log(attempt, type));
 * const operation = await poller.result();
 * ```
 */
export function pollOperation(location: string | URL, options?: PollOptions): OperationPoller {
  const settings = readOptions(options);
  return new OperationPoller(beginWatching(location, settings, Date.now()), settings);
}

/**
 * Goes on watching an operation from a resume token, in this process or another. The rest of the wait and of the time
 * budget carry on; events tell only what is new. The token of an operation that has ended gives the same outcome again, and
 * nothing is asked. A watch that was given up goes on where it was, with its failures forgotten, and after a time-out with a
 * new time budget.
 *
 * The location, and with it the origin that the bearer token goes to, comes from the resume token: take it only from where
 * you put it.
 *
 * @param token what `toJSON()` gave, or an error's `resumeToken`, or either as JSON text
 * @param options as for {@link pollOperation}; `protocol` may be left out where it is one of {@link protocols}
 * @returns the poller
 * @throws InvalidResumeTokenError when the token is none, or belongs to another protocol than the options
 * @throws TypeError or RangeError when an option is not as it should be
 */
export function resumeOperation(token: ResumeToken | string, options: PollOptions = {}): OperationPoller {
  const state = readResumeToken(token);
  const settings = readOptions({...options, protocol: options?.protocol ?? protocolNamed(state.protocol)});
  const {name} = settings.reader.protocol;
  if (name !== state.protocol) {
    const which = JSON.stringify(state.protocol.slice(0, 40));
    throw new InvalidResumeTokenError(
      `Invalid resume token: its protocol is ${which}, that of the options is ${JSON.stringify(name)}`,
    );
  }
  return new OperationPoller(resumed(state, options, settings), settings);
}

function resumed(state: WatchState, options: PollOptions, settings: Settings): WatchState {
  if (isOver(state) && state.abandoned === undefined) return state;
  // The token's location is checked like a caller's: there a bearer token goes.
  const begun = beginWatching(state.location, settings, Date.now());
  const anew = state.abandoned === 'timeout';
  const startedAt = anew ? begun.startedAt : state.startedAt;
  const {totalTimeout} = settings;
  const given = anew || options.totalTimeout !== undefined;
  const deadlineAt = given ? (totalTimeout === false ? undefined : startedAt + totalTimeout) : state.deadlineAt;
  const goesOn: WatchState = {...state, startedAt, deadlineAt};
  if (state.abandoned === undefined) return goesOn;
  return {
    ...goesOn,
    dueAt: anew ? begun.startedAt : state.dueAt,
    abandoned: undefined,
    endedAt: undefined,
    answer: undefined,
    failures: 0,
    deferrals: 0,
    missingSince: undefined,
  };
}

/**
 * Asks for an operation once: one GET, and a second one only with a new token after a 401.
 *
 * @param location where the operation is
 * @param options as for {@link pollOperation}; those about waiting do not matter
 * @returns the operation in whatever state it is, also failed
 * @throws UnauthorizedError, ForbiddenError, OperationNotFoundError, UnreachableError (no answer, or one such as 503),
 *   ProtocolError or UnknownStatusError
 * @throws WatchAbortedError when the signal aborts
 * @throws TypeError or RangeError when an option or the location is not as it should be
 */
export async function fetchOperation(location: string | URL, options?: PollOptions): Promise<Operation> {
  const given = readOptions(options);
  return askOnce(beginWatching(location, given, Date.now()), given);
}

/**
 * One step that takes any trouble for the end.
 *
 * @throws the error that a watch would end with, {@link UnreachableError} for what it would survive
 */
async function askOnce(state: WatchState, settings: Settings): Promise<Operation> {
  const strict: Settings = {
    ...settings,
    retry: {...settings.retry, retries: 0},
    consecutiveFailures: 1,
    notFoundGrace: 0,
    unknownStatus: 'fail',
  };
  const signal = settings.signal ?? new AbortController().signal;
  let failure: PollError | undefined;
  const ask = async (question: Question): Promise<Report> => {
    const report = await poll(strict, question);
    if (report.is === 'failure') failure = report.error;
    return report;
  };
  let step: Step;
  try {
    step = await advance({...state, deadlineAt: undefined}, {settings: strict, poll: ask, signal}, Date.now);
  } catch (error) {
    if (!signal.aborted) throw error;
    step = abandon(state, 'aborted', Date.now(), signal.reason);
  }
  if ('outcome' in step.next && step.next.outcome.status === 'abandoned') throw step.next.outcome.error;
  const {operation} = step.state;
  if (operation !== undefined) return operation;
  throw abandonError('unreachable', step.state, Date.now(), {cause: failure});
}
