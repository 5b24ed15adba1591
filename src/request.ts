import ky from 'ky';
import {giveUp, longestBody, readBody} from './body.ts';
import {PollError} from './errors.ts';
import {asTimer, type Settings} from './options.ts';
import type {Answer} from './state.ts';

/** An answer, read to its end. */
export interface Received {
  readonly response: Response;
  readonly text: string;
  readonly answer: Answer;
}

/** What bounds a request. */
export interface Bounds {
  /** When the head of an answer must be there at the latest, in milliseconds since 1970. */
  readonly deadlineAt: number | undefined;
  /** Ends it at once. */
  readonly signal: AbortSignal;
}

/** A request. */
export interface Request {
  readonly location: string;
  readonly token: string | undefined;
  /** Whether this is where a token may go. */
  readonly trusted: boolean;
}

/**
 * Sends one request and reads all of its answer.
 *
 * @throws PollError when there is no answer, or none that can be read to its end; the signal's reason when it aborts
 */
export function send(settings: Settings, bounds: Bounds, {location, token, trusted}: Request): Promise<Received> {
  const clientRequestId = crypto.randomUUID();
  const headers: Record<string, string | undefined> = {
    accept: 'application/json',
    'client-request-id': clientRequestId,
  };
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  // The instance's own credentials, if it has any, are for the home origin too.
  else if (!trusted) headers['authorization'] = undefined;
  return bounded(settings, bounds, 'request', async (signal, answered) => {
    let response: Response;
    let text: string | undefined;
    try {
      response = await (settings.http ?? ky).get(location, {
        headers,
        signal,
        retry: 0,
        timeout: false,
        throwHttpErrors: false,
        redirect: 'manual',
      });
      answered();
      if (redirectStatuses.has(response.status)) {
        giveUp(response.body);
        text = '';
      } else text = await readBody(response);
      if (text !== undefined && holds(text, token)) text = text.replaceAll(token, '[token]');
    } catch (error) {
      throw networkError(error, token);
    }
    const answer = readHead(response, clientRequestId, token);
    if (response.type === 'opaqueredirect')
      throw unreadable('a redirect, which cannot be followed safely here', answer);
    if (text === undefined) throw unreadable(`a body of more than ${longestBody} bytes`, answer, 'protocol');
    return {response, text, answer};
  });
}

/**
 * Bounds a piece of work by `requestTimeout` and by the deadline, and ends it when the poll is aborted, whether or not it
 * heeds the signal it gets. Once the head of an answer has come, the deadline no longer ends it: an answer that is on its
 * way when the deadline passes is read.
 */
export function bounded<T>(
  {requestTimeout}: Settings,
  {signal, deadlineAt}: Bounds,
  what: 'request' | 'token',
  work: (signal: AbortSignal, answered: () => void) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const begun = Date.now();
  const left = deadlineAt === undefined ? requestTimeout : Math.min(requestTimeout, deadlineAt - begun);
  return new Promise<T>((resolve, reject) => {
    const expire = (): void => {
      finish();
      const passed = Date.now() - begun;
      const message =
        what === 'request' ? `No answer within ${passed} ms` : `The option token gave none within ${passed} ms`;
      reject(new PollError(message, {kind: what === 'request' ? 'timeout' : 'token', transient: what === 'request'}));
      controller.abort();
    };
    const abort = (): void => {
      finish();
      reject(signal.reason);
      controller.abort();
    };
    const answered = (): void => {
      if (left === requestTimeout || controller.signal.aborted) return;
      clearTimeout(timer);
      timer = setTimeout(expire, asTimer(requestTimeout - (Date.now() - begun)));
    };
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    let timer = setTimeout(expire, asTimer(left));
    signal.addEventListener('abort', abort);
    work(controller.signal, answered).then(
      (value) => {
        finish();
        resolve(value);
      },
      (error: unknown) => {
        finish();
        reject(error);
        // What is left of a body that is too long must not go on arriving.
        controller.abort();
      },
    );
  });
}

/** The HTTP statuses of a redirect. */
export const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

function readHead({status, headers}: Response, clientRequestId: string, token: string | undefined): Answer {
  const requestId = headers.get('request-id') ?? headers.get('x-ms-request-id');
  const date = headers.get('date');
  return Object.freeze({
    httpStatus: status,
    clientRequestId,
    ...(requestId === null ? {} : {requestId: scrub(requestId, token)}),
    ...(date === null ? {} : {date: scrub(date, token)}),
  });
}

/** The error of an answer that cannot be taken for an operation. */
export function unreadable(why: string, answer: Answer, ends?: 'protocol'): PollError {
  return new PollError(`The answer cannot be read as an operation: ${why}`, {
    kind: 'protocol',
    transient: false,
    answer,
    ends,
  });
}

/** What ky or fetch threw, without what they attach: their errors hold the request, their messages its URL. */
function networkError(error: unknown, token: string | undefined): PollError {
  let code: string | undefined;
  let innermost: unknown = error;
  for (let cause: unknown = error, depth = 0; isObject(cause) && depth < 5; depth++) {
    if ('code' in cause && typeof cause.code === 'string') code = cause.code;
    innermost = cause;
    cause = 'cause' in cause ? cause.cause : undefined;
  }
  const why = code ?? scrub(nameOf(innermost).replace(/\bhttps?:\S+/gi, '[url]'), token);
  return new PollError(`No answer: ${why}`, {kind: 'network', transient: true, code});
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** What was thrown, in short; by its shape, because an error may come from another realm. */
export function nameOf(error: unknown): string {
  if (!isObject(error) || !('message' in error)) return typeof error;
  return `${'name' in error ? String(error.name) : 'Error'}: ${String(error.message)}`;
}

const longestText = 200;

/** Text from outside, short and without the token, which a server may well send back. */
export function scrub(text: string, token: string | undefined): string {
  return (holds(text, token) ? text.replaceAll(token, '[token]') : text).slice(0, longestText);
}

// Shorter ones are no secrets, and would be found inside of ordinary words.
const shortestSecret = 8;

/** Whether a text from outside holds the token. */
export function holds(text: string, token: string | undefined): token is string {
  return token !== undefined && token.length >= shortestSecret && text.includes(token);
}
