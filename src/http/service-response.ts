import type {Answer} from '../operation/state.ts';
import type {Secrets} from './redact.ts';
import type {TransportRequest, TransportResponse} from './transport.ts';

/** The service's response to a request, read to its end. */
export interface ServiceResponse extends Pick<TransportResponse, 'status' | 'headers' | 'retryAfter'> {
  /** The body as JSON: `null` where there is none, `undefined` where it is not JSON. */
  readonly json: unknown;
  /** The head, as events and errors carry it. */
  readonly answer: Answer;
  readonly method: TransportRequest['method'];
  /** Where the response came from. */
  readonly location: string;
  /** Whether redirects led there. */
  readonly redirected: boolean;
  /** Whether it came from another origin than the request's own. */
  readonly isForeign: boolean;
  /** Where a redirect leads that was not followed. */
  readonly seeOther: string | undefined;
  /** What must not be shown of it. */
  readonly secrets: Secrets;
}
