import type {KyInstance} from 'ky';
import type {Options as PRetryOptions} from 'p-retry';
import type {TokenSource} from '../http/authorization.ts';
import type {Protocol} from '../protocol/protocol.ts';
import type {FinalStateVia, StartRequest} from '../protocol/result-location.ts';
import type {Schedule} from '../schedule/schedule.ts';

/** p-retry's options for the retries within one poll, without its `signal`, which is the poll's own. */
export type RetryOptions = Omit<PRetryOptions, 'signal'>;

/** The options of {@link pollOperation}, {@link resumeOperation} and {@link fetchOperation}; `undefined` means absent. */
export interface PollOptions<Result = unknown> {
  /** How the service describes its operations. Default `protocols.longRunning`. */
  readonly protocol?: Protocol<Result> | undefined;
  /**
   * The ky instance that sends the requests, e.g. with hooks or another `fetch`. Its own retries, timeouts and prefix do not apply. Its
   * headers and `searchParams` are added to requests on the operation's own origin; its hooks see every request, also one to a foreign
   * origin: give the token by `token`. Default `ky`.
   */
  readonly http?: KyInstance | undefined;
  /**
   * The bearer token, without the word `Bearer`, or the key that the protocol's `authorization` names a header for. It goes only to the
   * origin of the location and to `trustedOrigins`, over https or to this machine. After a 401 a function is called once more. Default:
   * none is sent.
   */
  readonly token?: TokenSource | undefined;
  /** When to poll again, unless the service says. Default: exponential, from 1 s to 30 s with full jitter, never under 100 ms. */
  readonly schedule?: Schedule | undefined;
  /**
   * p-retry's options for transient failures within one poll: no connection, no response in time, 408, 429, 500, 502, 503,
   * 504 and 509, 403 with a `Retry-After`, and what the protocol lists as throttling. Defaults: 3 `retries`, `minTimeout` 500 ms,
   * `factor` 2, `maxTimeout` 5000 ms, `randomize` true. A failure that comes with a `Retry-After` is not retried here: the poll
   * ends, and the next one is made when the service says.
   */
  readonly retry?: RetryOptions | undefined;
  /**
   * How long to watch in all, in milliseconds: waits, requests and retries together. `false`: no limit. Default the protocol's, or else
   * 15 minutes. Not to be confused with `requestTimeout`.
   */
  readonly totalTimeout?: number | false | undefined;
  /**
   * How long one request may take from sending it to the end of the response's body, in milliseconds; also one call of `token`. Default
   * the protocol's, or else 10,000.
   */
  readonly requestTimeout?: number | undefined;
  /**
   * How long the body of a response may be, in bytes; also that of a result. A longer one is not read to its end, and ends
   * watching with a `ProtocolError`. Default 1 MiB.
   */
  readonly maxResponseSize?: number | undefined;
  /**
   * How long to wait before the first request, in milliseconds, e.g. the `Retry-After` of the response to the start. Where a client
   * starts the operation, that counts by itself, and `initialDelay` can make the wait only longer. Default 0, or after a
   * client's start the protocol's `minimumInterval`.
   */
  readonly initialDelay?: number | undefined;
  /**
   * The longest wait that is kept when the service asks for one by `Retry-After`, in milliseconds: after that it is polled
   * anyway. Default: any wait is kept.
   */
  readonly maxRetryAfter?: number | undefined;
  /** Stops watching when it aborts; the operation goes on. */
  readonly signal?: AbortSignal | undefined;
  /**
   * What to do about a status word to which the protocol gives no meaning: `'keepPolling'` emits an `unknownStatus` event
   * and goes on, `'fail'` ends watching with an `UnknownStatusError`. Default `'keepPolling'`.
   */
  readonly unknownStatus?: 'keepPolling' | 'fail' | undefined;
  /** How long 404 means "not visible yet", in milliseconds from the first 404 since the last good answer. Default 30,000. */
  readonly notFoundGrace?: number | undefined;
  /** How many polls must fail in a row, each after its retries, to end watching. Default 5. */
  readonly consecutiveFailures?: number | undefined;
  /** After how many milliseconds without any change a `stalled` event is emitted; `false`: never. Default 5 minutes. */
  readonly stalledAfter?: number | false | undefined;
  /**
   * Whether to fetch what the operation produced once it has succeeded, where its protocol says where that is: `result()`
   * then waits for it too, and gives the operation with its `result`. It is a separate phase: the operation stays
   * succeeded whatever happens, 404 is tolerated for `notFoundGrace`, and when the result is unavailable `result()`
   * rejects with a `ResultUnavailableError`. `'text'`: the result is not parsed as JSON, e.g. CSV or JSON lines. Default false.
   */
  readonly fetchResult?: boolean | 'text' | undefined;
  /**
   * The request that started the operation, and the `Location` header of its response: needed with `fetchResult` where the
   * protocol finds the result there, as Azure's does. A client's `start` knows it, and a resume token has what was decided.
   */
  readonly started?: StartRequest | undefined;
  /**
   * Where the service's description says that the result is, in the words of Azure Resource Manager; only for POST, GET and
   * PATCH, and where the protocol looks at the start. Default: at the `Location`, where the start's response had one.
   */
  readonly finalStateVia?: FinalStateVia | undefined;
  /**
   * Further origins that the token may go to, e.g. `['https://graph.microsoft.us']`; where there is a token, over https or to this
   * machine. Default none.
   */
  readonly trustedOrigins?: readonly string[] | undefined;
}
