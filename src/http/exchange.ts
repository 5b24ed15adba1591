import {PollError, type PollErrorFacts} from '../operation/errors.ts';
import {isToken, type Settings, type TokenRequest} from '../options/options.ts';
import {parseErrorObject} from '../protocol/parse-operation.ts';
import {ownProperty} from '../protocol/pointer.ts';
import {LazyAbortController, onAbort} from '../shared/abort.ts';
import {isSecureOrLoopback, readLocation, redactLocation} from '../shared/location.ts';
import {readClaims} from './claims-challenge.ts';
import {
  type Bounds,
  bounded,
  describeError,
  protocolError,
  type Received,
  type Request,
  redact,
  send,
} from './request.ts';
import {readRetryAfter} from './retry-after.ts';
import {bodyJson, redirectStatuses, type TransportRequest} from './transport.ts';

const transientStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504, 509]);
const mostRedirects = 5;

/** Where a request goes, and how. */
export interface Errand extends Bounds, Omit<Request, 'token' | 'trusted'> {
  /** The origin the token belongs to; empty: none. */
  readonly tokenOrigin: string;
}

/** Whether a poll has asked for a new token already. */
export interface Renewal {
  done: boolean;
}

/** What an errand brought back. */
export interface Answered extends Received {
  /** Where the answer came from, after redirects. */
  readonly location: string;
  readonly method: TransportRequest['method'];
  /** Whether redirects led there. */
  readonly redirected: boolean;
  /** Where the last redirect leads that was not followed. */
  readonly seeOther: string | undefined;
  readonly token: string | undefined;
}

/** One request, the redirects it meets, and a second one with a new token after a 401. */
export async function exchange(settings: Settings, errand: Errand, renewal: Renewal): Promise<Answered> {
  const {tokenOrigin, method = 'GET', json, headers: further} = errand;
  let {location} = errand;
  let redirects = 0;
  let renewed: string | undefined;
  for (;;) {
    const trusted = isTrusted(location, tokenOrigin, settings);
    let token = trusted ? renewed : undefined;
    if (trusted && token === undefined) {
      const given = tokenFor(settings, errand, {forceRefresh: false});
      token = given instanceof Promise ? await given : given;
    }
    const {reply, answer} = await send(settings, errand, {method, json, headers: further, location, token, trusted});
    const {status, headers} = reply;
    // A request that changes something is not sent to another place than it was meant for.
    if (method === 'GET' && redirectStatuses.has(status) && headers.has('location')) {
      const target = readLocation(headers.get('location') ?? '', location)?.href;
      if (status === 303 && settings.reader.seeOtherSucceeds) {
        return {reply, answer, method, location, redirected: redirects > 0, seeOther: target, token};
      }
      if (++redirects > mostRedirects) throw protocolError(`more than ${mostRedirects} redirects`, answer);
      if (target === undefined) throw protocolError('a redirect to something that is no http or https URL', answer);
      location = target;
      continue;
    }
    if (status === 401 && token !== undefined && typeof settings.token === 'function' && !renewal.done) {
      renewal.done = true;
      const claims = readClaims(headers.get('www-authenticate'));
      const wanted = {forceRefresh: true, refused: token, ...(claims === undefined ? {} : {claims})};
      renewed = await tokenFor(settings, errand, wanted);
      continue;
    }
    return {reply, answer, method, location, redirected: redirects > 0, seeOther: undefined, token};
  }
}

/** Whether the token may go to a location. */
function isTrusted(location: string, tokenOrigin: string, settings: Settings): boolean {
  if (!settings.reader.sendsToken) return false;
  // The common case without parsing a URL: the location is on the tokenOrigin origin, and that is https.
  if (
    tokenOrigin.startsWith('https:') &&
    location.startsWith(tokenOrigin) &&
    location.charAt(tokenOrigin.length) === '/'
  )
    return true;
  const url = new URL(location);
  return (url.origin === tokenOrigin || settings.trustedOrigins.has(url.origin)) && isSecureOrLoopback(url);
}

/** The token for a request. A function that has one at hand costs neither a promise nor a signal. */
function tokenFor(
  settings: Settings,
  bounds: Bounds,
  wanted: Omit<TokenRequest, 'signal'>,
): string | undefined | Promise<string> {
  const {token} = settings;
  if (token === undefined || typeof token === 'string') return token;
  const controller = new LazyAbortController();
  let given: unknown;
  try {
    given = token({
      ...wanted,
      get signal() {
        return controller.signal;
      },
    });
  } catch (error) {
    throw tokenThrew(error);
  }
  if (!isThenable(given)) return checkGiven(given);
  return bounded(settings, bounds, 'token', async (ended, {sent}) => {
    sent();
    onAbort(ended, () => controller.abort(ended.reason));
    let late: unknown;
    try {
      late = await given;
    } catch (error) {
      throw tokenThrew(error);
    }
    return checkGiven(late);
  });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

function checkGiven(given: unknown): string {
  if (isToken(given)) return given;
  throw new PollError(`The option token gave ${typeof given}, expected visible ASCII characters without spaces`, {
    kind: 'token',
    transient: false,
  });
}

function tokenThrew(error: unknown): PollError {
  return new PollError(`The option token threw ${describeError(error)}`, {kind: 'token', transient: false});
}

/** The error of an answer that is no operation. */
export function httpError(
  {method, location, redirected, reply, answer, token}: Answered,
  tokenOrigin: string,
): PollError {
  const {status, headers} = reply;
  const fault = parseErrorObject(ownProperty(bodyJson(reply.body), 'error'));
  const code = fault?.code === undefined ? undefined : redact(fault.code, token);
  const facts: PollErrorFacts = {
    kind: 'http',
    transient: transientStatuses.has(status),
    answer,
    code,
    retryAfter: readRetryAfter(headers.get('retry-after')),
    ends: status === 401 ? 'unauthorized' : status === 403 ? 'forbidden' : status === 410 ? 'notFound' : undefined,
  };
  const said = [code, fault?.message === undefined ? undefined : redact(fault.message, token)].filter(
    (part) => part !== undefined && part !== '',
  );
  const why = said.length === 0 ? '' : `: ${said.join(', ')}`;
  return new PollError(
    `${method} ${redactLocation(location, redirected ? '' : tokenOrigin)} answered ${status}${why}`,
    facts,
  );
}
