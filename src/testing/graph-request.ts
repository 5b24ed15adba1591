import type {RecordedRequest} from './request-recorder.ts';

/** What the emulated service looks at of a request, however it came in. */
export interface GraphRequest {
  readonly method: string;
  /** Path and query exactly as sent. */
  readonly target: string;
  readonly authorization: string | undefined;
  readonly body: string | undefined;
  /** When it arrived, in milliseconds since 1970. */
  readonly now: number;
  /** The id the service gives to this request. */
  readonly requestId: string;
  /** The id the client gave; without one the service repeats its own. */
  readonly clientRequestId: string;
  /** Where the request stands in the emulator's records, if it keeps any. */
  readonly recorded: RecordedRequest | undefined;
}

/** The form of Graph's dates: `2020-05-14T00:23:40Z`. */
export function graphDate(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
