import {PollError} from '../operation/errors.ts';
import type {Answer} from '../operation/state.ts';
import type {Settings} from '../options/options.ts';
import {LazyAbortController, onAbort, type Signal} from '../shared/abort.ts';
import {longestBody} from './read-body.ts';
import {asTimer} from './retry-after.ts';
import {OpaqueRedirect, type TransportRequest, type TransportResponse} from './transport.ts';

/** What bounds a request. */
export interface Bounds {
  /** When the head of an answer must be there at the latest, in milliseconds since 1970. */
  readonly deadlineAt: number | undefined;
  /** Ends it at once. */
  readonly signal: Signal;
}

/** A request. */
export interface Request {
  readonly method?: TransportRequest['method'] | undefined;
  /** What is sent as JSON. */
  readonly json?: unknown;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly location: string;
  readonly token: string | undefined;
  /** Whether this is where a token may go. */
  readonly trusted: boolean;
}

/** What came back. */
export interface Received {
  readonly reply: TransportResponse;
  readonly answer: Answer;
}

/**
 * Sends one request and reads all of its answer.
 *
 * @throws PollError when there is no answer, or none that can be read to its end; the signal's reason when it aborts
 */
export function send(settings: Settings, bounds: Bounds, request: Request): Promise<Received> {
  const {method = 'GET', json, location, token, trusted} = request;
  const clientRequestId = crypto.randomUUID();
  const headers: Record<string, string | undefined> = {
    ...request.headers,
    accept: 'application/json',
    'client-request-id': clientRequestId,
  };
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  // The instance's own credentials, if it has any, are for the tokenOrigin origin too.
  else if (!trusted) headers['authorization'] = undefined;
  return bounded(settings, bounds, 'request', async (controller, clock) => {
    let reply: TransportResponse;
    try {
      reply = await settings.transport(location, {
        method,
        headers,
        json,
        signal: controller,
        sent: clock.sent,
        answered: clock.answered,
      });
    } catch (error) {
      throw networkError(error, token);
    }
    const answer = readHead(reply, clientRequestId, token);
    const {body} = reply;
    if (body === undefined) throw protocolError(`a body of more than ${longestBody} bytes`, answer, 'protocol');
    if (!('text' in body) || !holds(body.text, token)) return {reply, answer};
    return {reply: {...reply, body: {text: body.text.replaceAll(token, '[token]')}}, answer};
  });
}

type Clock = Pick<TransportRequest, 'sent' | 'answered'>;

/**
 * Bounds a piece of work by `requestTimeout`, from the moment it is sent, and by the deadline; ends it when the poll is
 * aborted, whether or not it heeds the controller it gets. Once the head of an answer has come, the deadline no longer ends it:
 * an answer that is on its way when the deadline passes is read.
 */
export function bounded<T>(
  {requestTimeout}: Settings,
  {signal, deadlineAt}: Bounds,
  what: 'request' | 'token',
  work: (controller: LazyAbortController, clock: Clock) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new LazyAbortController();
  const begun = Date.now();
  let leftAt = begun;
  let over = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
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
    const finish = (): void => {
      clearTimeout(timer);
      over = true;
      unsubscribe();
    };
    const arm = (limit: number | undefined): void => {
      clearTimeout(timer);
      if (limit !== undefined && !over) timer = setTimeout(expire, asTimer(Math.max(0, limit - Date.now())));
    };
    const unsubscribe = onAbort(signal, abort);
    const clock: Clock = {
      sent: () => {
        leftAt = Date.now();
        arm(Math.min(leftAt + requestTimeout, deadlineAt ?? Number.POSITIVE_INFINITY));
      },
      answered: () => {
        if (deadlineAt !== undefined && deadlineAt < leftAt + requestTimeout) arm(leftAt + requestTimeout);
      },
    };
    const working = work(controller, clock);
    // Most work has been sent by now, and is bounded already.
    if (timer === undefined) arm(deadlineAt);
    working.then(
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

function readHead({status, headers}: TransportResponse, clientRequestId: string, token: string | undefined): Answer {
  const requestId = headers.get('request-id') ?? headers.get('x-ms-request-id');
  const date = headers.get('date');
  return Object.freeze({
    httpStatus: status,
    clientRequestId,
    ...(requestId === null ? {} : {requestId: redact(requestId, token)}),
    ...(date === null ? {} : {date: redact(date, token)}),
  });
}

/** The error of an answer that cannot be taken for an operation. */
export function protocolError(why: string, answer: Answer, ends?: 'protocol'): PollError {
  return new PollError(`The answer cannot be read as an operation: ${why}`, {
    kind: 'protocol',
    transient: false,
    answer,
    ends,
  });
}

/** What ky or fetch threw, without what they attach: their errors hold the request, their messages its URL. */
function networkError(error: unknown, token: string | undefined): PollError {
  if (error instanceof OpaqueRedirect) {
    return new PollError('The answer is a redirect, which cannot be followed safely here', {
      kind: 'protocol',
      transient: false,
    });
  }
  let code: string | undefined;
  let innermost: unknown = error;
  for (let cause: unknown = error, depth = 0; isObject(cause) && depth < 5; depth++) {
    if ('code' in cause && typeof cause.code === 'string') code = cause.code;
    innermost = cause;
    cause = 'cause' in cause ? cause.cause : undefined;
  }
  const why = code ?? redact(describeError(innermost).replace(/\bhttps?:\S+/gi, '[url]'), token);
  return new PollError(`No answer: ${why}`, {kind: 'network', transient: true, code});
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** What was thrown, in short; by its shape, because an error may come from another realm. */
export function describeError(error: unknown): string {
  if (!isObject(error) || !('message' in error)) return typeof error;
  return `${'name' in error ? String(error.name) : 'Error'}: ${String(error.message)}`;
}

const longestText = 200;

/** Text from outside, short and without the token, which a server may well send back. */
export function redact(text: string, token: string | undefined): string {
  return (holds(text, token) ? text.replaceAll(token, '[token]') : text).slice(0, longestText);
}

// Shorter ones are no secrets, and would be found inside of ordinary words.
const shortestSecret = 8;

/** Whether a text from outside holds the token. */
export function holds(text: string, token: string | undefined): token is string {
  return token !== undefined && token.length >= shortestSecret && text.includes(token);
}
