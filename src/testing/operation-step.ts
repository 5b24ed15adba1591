/**
 * What can go wrong with an answer on its way over HTTP.
 *
 * - `'reset'`: the connection is reset instead of an answer.
 * - `'hang'`: no answer ever comes; the connection stays open until the client or the emulator closes it.
 * - `'hangBody'`: the headers and half of the body come, then nothing more.
 * - `'truncated'`: half of the body comes and the answer ends as if that were all of it.
 * - `'huge'`: a readable body of 50 MiB with a `Content-Length`: the operation, followed by blanks.
 * - `'endless'`: the operation, followed by blanks that never end, without a `Content-Length`.
 */
export type Fault = 'reset' | 'hang' | 'hangBody' | 'truncated' | 'huge' | 'endless';

/** What one poll of an emulated operation is answered. Every field may be left out. */
export interface StepAnswer {
  /**
   * The operation's status word from now on, sent as it stands: `'running'`, `'RUNNING'`, `'somethingNew'`.
   * Default: the status it had before, at first `'notStarted'`.
   */
  readonly status?: string | undefined;
  /** The operation's `statusDetail` in this answer. Default `null`. */
  readonly detail?: string | undefined;
  /** The operation's `percentageComplete` in this answer. Default: no such field. */
  readonly percentageComplete?: number | string | undefined;
  /** The operation's `resourceLocation` in this answer. Default `null`. */
  readonly resourceLocation?: string | undefined;
  /**
   * Any JSON value: the body's `error`. When `http` is 400 or more its fields replace those of the Graph error,
   * so that `{http: 403, error: {code: 'accessDenied'}}` changes the code alone.
   */
  readonly error?: unknown;
  /** Further fields of the body. They win over all others: `{fields: {status: null}}` sends no status word. */
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
  /** Any JSON value: the whole body, instead of the operation's. */
  readonly body?: unknown;
  /** The whole body as raw text, JSON or not: `'<html>'`, `'{"status":'`, `''`. */
  readonly text?: string | undefined;
  /** The HTTP status, 200 to 599. Default 200; 302 with `redirect`, 401 with `claims`. */
  readonly http?: number | undefined;
  /** Further headers of the answer. They win over the emulator's own. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** The `Retry-After` header: a number of seconds, or any text. Default: none. */
  readonly retryAfter?: string | number | undefined;
  /** How many milliseconds the answer is held back. Default 0. */
  readonly delay?: number | undefined;
  /** How many polls in a row get this step. Default 1; the last step of a script repeats for ever. */
  readonly times?: number | undefined;
  /**
   * Milliseconds since the operation was added (or since `rescript`): the step holds until then, for however many polls.
   * A step whose time has passed is left out. Not together with `times`.
   */
  readonly until?: number | undefined;
  /** What goes wrong with the answer on its way. Default: nothing. */
  readonly fault?: Fault | undefined;
  /** A claims challenge: JSON text or an object, sent in Base64 in the `WWW-Authenticate` header of a 401. */
  readonly claims?: string | Readonly<Record<string, unknown>> | undefined;
  /** The `Location` header of a redirect; its HTTP status is 302 unless `http` says otherwise, its body is empty. */
  readonly redirect?: string | undefined;
  /** A `Location` header on an answer that is no redirect. Not together with `redirect`. */
  readonly location?: string | undefined;
}

/**
 * One step of a script: a status word, or an answer in full.
 *
 * @example
 * const script: OperationStep[] = ['notStarted', {status: 'running', times: 3}, {http: 503, retryAfter: 2}, 'succeeded'];
 */
export type OperationStep = string | StepAnswer;
