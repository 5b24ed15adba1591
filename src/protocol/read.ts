import type {OperationFault, OperationStatus} from '../operation/operation.ts';
import {checkStatus} from './check-status.ts';
import {ownProperty} from './pointer.ts';

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
  readonly error?: OperationFault | undefined;
}

/** What `read` gets besides the body, and what its output goes through. */
export interface ReadContext {
  readonly httpStatus: number;
  readonly headers: () => Headers;
  /** Parsed JSON without secrets. */
  readonly redact: (json: unknown) => unknown;
}

/**
 * Calls a protocol's `read` and checks what it gives, which comes from untrusted data.
 *
 * @returns the fields it gives, as JSON; `undefined` where it finds no operation
 * @throws what it throws; TypeError when it gives no status, or what is no JSON
 */
export function callRead(
  read: (answer: ReadableAnswer) => ReadOperation | undefined,
  body: unknown,
  {httpStatus, headers, redact}: ReadContext,
): unknown {
  const given: unknown = read({httpStatus, headers: headers(), body});
  if (given === undefined) return undefined;
  if (given instanceof Promise) given.catch(() => {}); // It has no status, and nobody waits for it.
  checkStatus('its status', ownProperty(given, 'status'));
  // A copy, which is JSON as the body is: it is frozen, and stored.
  return redact(JSON.parse(JSON.stringify(given)));
}
