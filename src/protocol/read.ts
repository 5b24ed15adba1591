import type {OperationStatus} from '../operation/operation.ts';

/** A response as a protocol's `read` gets it: without secrets. */
export interface ReadableAnswer {
  /** The HTTP status. */
  readonly httpStatus: number;
  readonly headers: Headers;
  /** The body as JSON, frozen: `null` where there is none, `undefined` where it is not JSON. */
  readonly body: unknown;
}

/**
 * The operation that a protocol's `read` finds in a response, as JSON. Of what is left out, the protocol's other fields say
 * where it is; of what cannot be read, such as a percentage of 200, the operation has none.
 */
export interface ReadOperation<Result = unknown> {
  readonly status: OperationStatus;
  readonly id?: string | number | undefined;
  /** The status word as the service wrote it. Default `status`. */
  readonly rawStatus?: string | undefined;
  readonly statusDetail?: string | undefined;
  /** Progress in percent, 0 to 100. */
  readonly percentComplete?: number | undefined;
  readonly resourceLocation?: string | undefined;
  /** What it produced; counts only if it succeeded. */
  readonly result?: Result | undefined;
  /** Why it failed or was canceled. */
  readonly error?: {readonly code?: string | number | undefined; readonly message?: string | undefined} | undefined;
}
