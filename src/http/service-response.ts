import type {PollError} from '../operation/poll-error.ts';
import type {Answer} from '../operation/state.ts';
import type {RequestSecrets} from './redact.ts';
import type {TransportRequest, TransportResponse} from './transport.ts';

/** Where a request is sent, and its response comes from. */
export interface RequestTarget extends RequestSecrets {
  readonly location: string;
  /** Whether the location is on another origin than the request's own. */
  readonly isForeign: boolean;
  /** Whether redirects led to the location. */
  readonly redirected: boolean;
  /** The token that goes there, if one does. */
  readonly token: string | undefined;
  /** Whether credentials may go there. */
  readonly trusted: boolean;
}

/** The service's response to a request: its head, and its body as far as that can be read. */
export interface ServiceResponse
  extends Pick<TransportResponse, 'status' | 'headers' | 'retryAfter'>,
    Omit<RequestTarget, 'token' | 'trusted'> {
  /** The body as JSON: `null` where there is none, `undefined` where it is not JSON or `bodyError` says why it was not read. */
  readonly json: unknown;
  /** Why the body was not read to its end: it broke off, took too long or is too long. */
  readonly bodyError: PollError | undefined;
  /** The head, as events and errors carry it. */
  readonly answer: Answer;
  readonly method: TransportRequest['method'];
  /** Where a redirect leads that was not followed. */
  readonly seeOther: string | undefined;
  /** Where it is a 401: why the request was not repeated with another token, although one was asked for. */
  readonly sameToken: string | undefined;
}
