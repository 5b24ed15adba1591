import pRetry from 'p-retry';
import {readClaims} from './challenge.ts';
import {PollError, type PollErrorFacts} from './errors.ts';
import {isPrivate, readLocation, showLocation} from './location.ts';
import {hasEnded, type Operation} from './operation.ts';
import {isToken, type Settings} from './options.ts';
import {ownProperty} from './protocol/pointer.ts';
import {readFault, readOperation} from './protocol/read.ts';
import {
  type Bounds,
  bounded,
  holds,
  nameOf,
  type Received,
  redirectStatuses,
  scrub,
  send,
  unreadable,
} from './request.ts';
import {readRetryAfter} from './retry-after.ts';
import type {Answer} from './state.ts';

/** What a poll asks. */
export interface Question extends Bounds {
  readonly location: string;
  /** The origin the token belongs to; empty: none. */
  readonly home: string;
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
  const {retry} = settings;
  const {signal, deadlineAt, retrying} = question;
  const renewal = {done: false};
  try {
    return await pRetry(() => ask(settings, question, renewal), {
      ...retry,
      signal,
      shouldRetry: async (context) => {
        const {error, retryDelay} = context;
        if (!(error instanceof PollError) || !error.transient || error.retryAfter !== undefined) return false;
        if (deadlineAt !== undefined && Date.now() + retryDelay >= deadlineAt) return false;
        if (retry.shouldRetry !== undefined && !(await retry.shouldRetry(context))) return false;
        retrying(error, retryDelay);
        return true;
      },
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PollError) return {is: 'failure', error};
    // Nothing of ours throws anything else: it comes from a hook of p-retry's options.
    return {
      is: 'failure',
      error: new PollError(`The option retry threw ${nameOf(error)}`, {kind: 'network', transient: false}),
    };
  }
}

const transientStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504, 509]);
const mostRedirects = 5;

/** One request, the redirects it meets, and a second one with a new token after a 401. */
async function ask(settings: Settings, question: Question, renewal: {done: boolean}): Promise<Report> {
  let location = question.location;
  let redirects = 0;
  let renewed: string | undefined;
  for (;;) {
    const trusted = isTrusted(location, question.home, settings);
    const token = trusted ? (renewed ?? (await tokenFor(settings, question, {forceRefresh: false}))) : undefined;
    const {response, text, answer} = await send(settings, question, {location, token, trusted});
    const {status, headers} = response;
    if (redirectStatuses.has(status) && headers.has('location')) {
      if (++redirects > mostRedirects) throw unreadable(`more than ${mostRedirects} redirects`, answer);
      const target = readLocation(headers.get('location') ?? '', location);
      if (target === undefined) throw unreadable('a redirect to something that is no http or https URL', answer);
      location = target.href;
      continue;
    }
    if (status === 401 && token !== undefined && typeof settings.token === 'function' && !renewal.done) {
      renewal.done = true;
      const claims = readClaims(headers.get('www-authenticate'));
      renewed = await tokenFor(settings, question, {forceRefresh: true, ...(claims === undefined ? {} : {claims})});
      continue;
    }
    return readAnswer({settings, question, location, response, text, answer, token});
  }
}

interface Answered extends Received {
  readonly settings: Settings;
  readonly question: Question;
  /** Where the answer came from, after redirects. */
  readonly location: string;
  readonly token: string | undefined;
}

function readAnswer(answered: Answered): Report {
  const {settings, response, text, answer} = answered;
  const {status, headers} = response;
  if (status === 401 || status === 403) throw httpError(answered, undefined);
  const body = parse(text);
  const reading = readOperation(body, settings.reader);
  const isError = status >= 400;
  // A body that is an operation beats the HTTP status; an error body that merely has a status does not.
  if (isError && !(reading.is === 'operation' && reading.operation.id !== undefined)) throw httpError(answered, body);
  if (reading.is === 'unreadable') throw unreadable(body === undefined ? 'no JSON' : reading.why, answer);
  const retryAfter = readRetryAfter(headers.get('retry-after'));
  if (reading.is === 'unknownStatus') return {is: 'unknownStatus', rawStatus: reading.rawStatus, answer, retryAfter};
  const {operation} = reading;
  const movedTo = hasEnded(operation) ? undefined : readMove(answered);
  return {is: 'operation', operation, answer, retryAfter, movedTo};
}

/** Where an answer says the operation has moved to, if it says so. */
function readMove({settings, question, location, response, answer, token}: Answered): string | undefined {
  const {locationHeaders, foreignHosts, sendsToken} = settings.reader;
  for (const name of locationHeaders) {
    const header = response.headers.get(name);
    if (header === null) continue;
    if (header === question.location) return undefined;
    const target = readLocation(header, location);
    if (target === undefined) throw unreadable(`a ${name} header that is no http or https URL`, answer, 'protocol');
    if (target.href === new URL(question.location).href) return undefined;
    if (holds(target.href, token)) throw unreadable(`a ${name} header that holds the token`, answer, 'protocol');
    const familiar = sendsToken ? question.home : new URL(question.location).origin;
    if (target.origin !== familiar && !settings.trustedOrigins.has(target.origin) && !foreignHosts) {
      throw unreadable(`a move to the foreign origin ${target.origin}`, answer, 'protocol');
    }
    return target.href;
  }
  return undefined;
}

/** Whether the token may go to a location. */
function isTrusted(location: string, home: string, settings: Settings): boolean {
  if (!settings.reader.sendsToken) return false;
  // The common case without parsing a URL: the location is on the home origin, and that is https.
  if (home.startsWith('https:') && location.startsWith(home) && location.charAt(home.length) === '/') return true;
  const url = new URL(location);
  return (url.origin === home || settings.trustedOrigins.has(url.origin)) && isPrivate(url);
}

async function tokenFor(
  settings: Settings,
  question: Question,
  wanted: {forceRefresh: boolean; claims?: string},
): Promise<string | undefined> {
  const {token} = settings;
  if (token === undefined || typeof token === 'string') return token;
  const given = await bounded<unknown>(settings, question, 'token', async (signal) => {
    try {
      return await token({...wanted, signal});
    } catch (error) {
      throw new PollError(`The option token threw ${nameOf(error)}`, {kind: 'token', transient: false});
    }
  });
  if (isToken(given)) return given;
  throw new PollError(`The option token gave ${typeof given}, expected visible ASCII characters without spaces`, {
    kind: 'token',
    transient: false,
  });
}

/** The error of an answer that is no operation. */
function httpError({question, location, response, text, answer, token}: Answered, parsed: unknown): PollError {
  const {status, headers} = response;
  const fault = readFault(ownProperty(parsed ?? parse(text), 'error'));
  const code = fault?.code === undefined ? undefined : scrub(fault.code, token);
  const facts: PollErrorFacts = {
    kind: 'http',
    transient: transientStatuses.has(status),
    answer,
    code,
    retryAfter: readRetryAfter(headers.get('retry-after')),
    ends: status === 401 ? 'unauthorized' : status === 403 ? 'forbidden' : status === 410 ? 'notFound' : undefined,
  };
  const said = [code, fault?.message === undefined ? undefined : scrub(fault.message, token)].filter(
    (part) => part !== undefined && part !== '',
  );
  const why = said.length === 0 ? '' : `: ${said.join(', ')}`;
  return new PollError(
    `GET ${showLocation(location, location === question.location ? question.home : '')} answered ${status}${why}`,
    facts,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
