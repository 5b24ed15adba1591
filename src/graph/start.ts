import {exchange} from '../http/exchange.ts';
import {httpError} from '../http/request-errors.ts';
import type {ServiceResponse} from '../http/service-response.ts';
import type {Transport, TransportRequest, TransportResponse} from '../http/transport.ts';
import {OperationNotStartedError, PollError} from '../operation/errors.ts';
import type {Answer} from '../operation/state.ts';
import type {Settings} from '../options/settings.ts';
import type {OperationPoller} from '../poller.ts';
import {ownProperty} from '../protocol/pointer.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {startLocation, startProtocol} from '../protocol/start.ts';
import {deriveController} from '../shared/abort.ts';
import {withoutQuotes} from './secret.ts';

/** A request that starts an operation. */
export interface GraphRequest {
  /** Default `'POST'`. */
  readonly method?: 'POST' | 'PUT' | 'PATCH';
  /** Where it goes: a path under the client's root and version, e.g. `/teams/{id}/clone`, or an absolute URL on the root. */
  readonly path: string;
  /** What is sent as JSON; absent: no body. */
  readonly body?: unknown;
  /** Further headers; those that the protocol asks for are sent without. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What came of a request that starts an operation. `answer` is the head of the answer to it: its HTTP status, and the ids that
 * a support case needs.
 */
export type StartedOperation =
  /** it is being watched; one that was done at once has ended already */
  | {readonly confirmed: true; readonly poller: OperationPoller; readonly answer: Answer}
  /** the service accepted it, and does not say where the operation is: nobody can tell how it ends */
  | {readonly confirmed: false; readonly poller: undefined; readonly answer: Answer};

/** What the answer to the start says. */
type Start =
  /** the operation is at `location` */
  | {
      readonly is: 'accepted';
      readonly location: string;
      readonly initialDelay: number;
      readonly first: TransportResponse | undefined;
    }
  /** the service accepted it and does not say where the operation is */
  | {readonly is: 'unconfirmed'}
  /** it is done already */
  | {readonly is: 'done'};

/** What came back from the start, read. */
export interface Started {
  readonly start: Start;
  /** The response, whose body may hold a secret. */
  readonly response: ServiceResponse;
  /** How the operation is to be read. */
  readonly protocol: Protocol;
}

/**
 * Sends the request that starts an operation, once; after a 401, which is answered before anything is done, once more with a
 * new token.
 *
 * @param secret what is in the request that no error may show
 * @throws OperationNotStartedError
 */
export async function startOperation(
  watching: Settings,
  {url, base, tokenOrigin}: {readonly url: string; readonly base: string; readonly tokenOrigin: string},
  {method = 'POST', body: json, headers}: GraphRequest,
  secret?: string,
): Promise<Started> {
  const {controller, dispose} = deriveController(watching.signal);
  const {protocol} = watching.reader;
  // Whether a request has left that was not refused for its token, which is answered before anything is done.
  let left = false;
  const transport: Transport = async (location, outgoing) => {
    const onSent = (): void => {
      left = true;
      outgoing.onSent();
    };
    const sent = await watching.transport(location, {...outgoing, onSent});
    if (sent.status === 401) left = false;
    return secret === undefined ? sent : {...sent, body: withoutQuotes(secret, sent)};
  };
  // Whatever watching needs, starting needs a token.
  const settings: Settings = {...watching, transport, reader: {...watching.reader, sendsToken: true}};
  const errand = {
    method,
    json,
    headers: {...protocol.requestHeaders, ...headers},
    location: url,
    tokenOrigin,
    signal: controller,
  };
  let response: ServiceResponse;
  try {
    response = await exchange(settings, {...errand, deadlineAt: undefined});
    if (response.status >= 300) throw httpError(response, tokenOrigin, watching.reader);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new OperationNotStartedError(`The operation was not started: ${why}`, left && mayHaveStarted(cause), {cause});
  } finally {
    dispose();
  }
  const answer = {url, status: response.status, headers: response.headers, body: response.json};
  const location = startLocation(answer, watching.reader, base);
  return {
    start: readStart(watching, response, location),
    response,
    protocol: startProtocol(answer, watching.reader),
  };
}

function readStart(
  {reader}: Settings,
  {status, headers, json, retryAfter}: ServiceResponse,
  location: string | undefined,
): Start {
  const byHeaders = (reader.protocol.start ?? 'headers') === 'headers';
  if (location === undefined) {
    // What is no JSON may be a page of some gateway, whatever its HTTP status; an operation in the body would have a name.
    const isDone = byHeaders && status !== 202 && json !== undefined && ownProperty(json, 'error') === undefined;
    return {is: isDone ? 'done' : 'unconfirmed'};
  }
  // The answer is the operation, or the resource that it is about: the first report, without another request.
  if (!byHeaders) {
    const first: TransportResponse = {status, headers, retryAfter, body: {json}};
    return {is: 'accepted', location, initialDelay: 0, first};
  }
  return {is: 'accepted', location, initialDelay: retryAfter ?? reader.minimumInterval, first: undefined};
}

/** What came back from a start whose answer may hold a secret: without its body. */
export function withoutBody(started: Started): Started {
  const {start} = started;
  return {
    ...started,
    response: {...started.response, json: null},
    start: start.is === 'accepted' ? {...start, first: undefined} : start,
  };
}

/** Codes of connections that never came about: nothing was sent. */
const unsent: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

function mayHaveStarted(cause: unknown): boolean {
  if (!(cause instanceof PollError)) return true;
  const {kind, httpStatus, code} = cause;
  if (kind === 'token') return false;
  if (httpStatus !== undefined) return httpStatus >= 500 || httpStatus < 400;
  return code === undefined || !unsent.has(code);
}

/** A transport whose first answer to a location is in hand already. */
export function withFirstResponse(first: TransportResponse, location: string, transport: Transport): Transport {
  let inHand: TransportResponse | undefined = first;
  return async (asked: string, outgoing: TransportRequest) => {
    if (inHand === undefined || asked !== location) return transport(asked, outgoing);
    const reply = inHand;
    inHand = undefined;
    return reply;
  };
}
