import pRetry from 'p-retry';
import {type Answered, type Errand, exchange, httpError, type Renewal} from '../http/exchange.ts';
import {describeError, holds, protocolError} from '../http/request.ts';
import {readRetryAfter} from '../http/retry-after.ts';
import {bodyJson} from '../http/transport.ts';
import {PollError} from '../operation/errors.ts';
import {hasEnded, type Operation} from '../operation/operation.ts';
import type {Answer} from '../operation/state.ts';
import type {Settings} from '../options/options.ts';
import {notFoundOperation, parseOperation, seeOtherOperation} from '../protocol/parse-operation.ts';
import {toAbortSignal} from '../shared/abort.ts';
import {readLocation} from '../shared/location.ts';

/** What a poll asks. */
export interface Question extends Errand {
  /** The operation as the last answer told, read by the same protocol. */
  readonly known?: Operation | undefined;
  /** When watching ends, in milliseconds since 1970, even if that has passed: no retry begins from then on. */
  readonly retryUntil: number | undefined;
  /** Hears of a request that failed and is made again after `delay` milliseconds. */
  readonly retrying: (error: PollError, delay: number) => void;
}

interface ReportFacts {
  readonly answer: Answer;
  /** The answer's `Retry-After`, in milliseconds. */
  readonly retryAfter: number | undefined;
}

/** What a poll learned. */
export type Report =
  | (ReportFacts & {
      readonly is: 'operation';
      readonly operation: Operation;
      /** Where to ask from now on, if the answer says so. */
      readonly movedTo: string | undefined;
    })
  | (ReportFacts & {readonly is: 'unknownStatus'; readonly rawStatus: string})
  | {readonly is: 'failure'; readonly error: PollError};

/**
 * Asks the service once: one GET of the location as it stands. A transient failure is retried by p-retry, unless the
 * service says when to come again: that wait is the watch's, which can be stopped, resumed and handed to a queue.
 *
 * @throws the signal's reason when it aborts, and nothing else
 */
export async function poll(settings: Settings, question: Question): Promise<Report> {
  const renewal: Renewal = {done: false};
  const begunAt = Date.now();
  try {
    return readAnswer(settings, question, await exchange(settings, question, renewal));
  } catch (error) {
    question.signal.throwIfAborted();
    return await askAgain(settings, question, renewal, {error, begunAt});
  }
}

async function ask(settings: Settings, question: Question, renewal: Renewal): Promise<Report> {
  return readAnswer(settings, question, await exchange(settings, question, renewal));
}

/** p-retry, where there is something to retry: it gets the failure that is in hand as that of its first attempt. */
async function askAgain(
  settings: Settings,
  question: Question,
  renewal: Renewal,
  first: {readonly error: unknown; readonly begunAt: number},
): Promise<Report> {
  const {retry} = settings;
  const {signal, retryUntil, retrying} = question;
  const {maxRetryTime = Number.POSITIVE_INFINITY} = retry;
  try {
    return await pRetry(
      (attempt) => {
        if (attempt === 1) throw first.error;
        return ask(settings, question, renewal);
      },
      {
        ...retry,
        maxRetryTime: Math.max(0, maxRetryTime - (Date.now() - first.begunAt)),
        signal: toAbortSignal(signal),
        shouldRetry: async (context) => {
          const {error, retryDelay} = context;
          if (!(error instanceof PollError) || !error.transient || error.retryAfter !== undefined) return false;
          if (retryUntil !== undefined && Date.now() + retryDelay >= retryUntil) return false;
          if (retry.shouldRetry !== undefined && !(await retry.shouldRetry(context))) return false;
          retrying(error, retryDelay);
          return true;
        },
      },
    );
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PollError) return {is: 'failure', error};
    // Nothing of ours throws anything else: it comes from a hook of p-retry's options.
    return {
      is: 'failure',
      error: new PollError(`The option retry threw ${describeError(error)}`, {kind: 'network', transient: false}),
    };
  }
}

function readAnswer(settings: Settings, question: Question, answered: Answered): Report {
  const {reply, answer, seeOther} = answered;
  const {status, headers} = reply;
  const retryAfter = readRetryAfter(headers.get('retry-after'));
  const ended = (operation: Operation): Report => ({
    is: 'operation',
    operation,
    answer,
    retryAfter,
    movedTo: undefined,
  });
  if (status === 303 && settings.reader.seeOtherSucceeds) return ended(seeOtherOperation(seeOther));
  if ((status === 404 || status === 410) && settings.reader.notFoundSucceeds) return ended(notFoundOperation(status));
  const body = bodyJson(reply.body);
  if (status === 401 || status === 403) throw httpError(answered, question.tokenOrigin);
  const reading = parseOperation(body, settings.reader, status, question.known);
  const isError = status >= 400;
  // A body that is an operation beats the HTTP status; an error body that merely has a status does not.
  if (isError && !(reading.is === 'operation' && reading.operation.id !== undefined)) {
    throw httpError(answered, question.tokenOrigin);
  }
  if (reading.is === 'unreadable') throw protocolError(body === undefined ? 'no JSON' : reading.why, answer);
  if (reading.is === 'unknownStatus') return {is: 'unknownStatus', rawStatus: reading.rawStatus, answer, retryAfter};
  const {operation} = reading;
  const movedTo = hasEnded(operation) ? undefined : readMove(settings, question, answered);
  return {is: 'operation', operation, answer, retryAfter, movedTo};
}

/** Where an answer says the operation has moved to, if it says so. */
function readMove(
  settings: Settings,
  question: Question,
  {location, reply, answer, token}: Answered,
): string | undefined {
  const {moveHeaders, foreignHosts, sendsToken} = settings.reader;
  for (const name of moveHeaders) {
    const header = reply.headers.get(name);
    if (header === null) continue;
    if (header === question.location) return undefined;
    const target = readLocation(header, location);
    if (target === undefined) throw protocolError(`a ${name} header that is no http or https URL`, answer, 'protocol');
    if (target.href === new URL(question.location).href) return undefined;
    if (holds(target.href, token)) throw protocolError(`a ${name} header that holds the token`, answer, 'protocol');
    const familiar = sendsToken ? question.tokenOrigin : new URL(question.location).origin;
    if (target.origin !== familiar && !settings.trustedOrigins.has(target.origin) && !foreignHosts) {
      throw protocolError(`a move to the foreign origin ${target.origin}`, answer, 'protocol');
    }
    return target.href;
  }
  return undefined;
}
