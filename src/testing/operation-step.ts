/**
 * What can go wrong with an answer on its way over HTTP.
 *
 * - `'reset'`: the connection is reset instead of answered.
 * - `'hang'`: no answer is ever sent; the connection stays open until the client or the emulator closes it.
 * - `'hangBody'`: the headers and half of the body are sent, then nothing more.
 * - `'truncated'`: half of the body is sent, and the answer ends as if it were complete.
 * - `'huge'`: valid JSON of 50 MiB with a `Content-Length`: the operation, followed by blanks.
 * - `'endless'`: the operation, followed by blanks without end, and no `Content-Length`.
 */
export type Fault = 'reset' | 'hang' | 'hangBody' | 'truncated' | 'huge' | 'endless';

/** The answer to one poll of an emulated operation. Every field is optional. */
export interface StepAnswer {
  /**
   * The operation's status from now on, sent unchanged: `'running'`, `'RUNNING'`, `'somethingNew'`.
   * Default: the status it had before, initially `'notStarted'`.
   */
  readonly status?: string | undefined;
  /** The operation's `statusDetail` in this answer. Default `null`. */
  readonly detail?: string | undefined;
  /** The operation's `percentageComplete` in this answer. Default: absent. */
  readonly percentageComplete?: number | string | undefined;
  /** The operation's `resourceLocation` in this answer. Default `null`. */
  readonly resourceLocation?: string | undefined;
  /**
   * The body's `error`, any JSON value. If `http` is 400 or more, its fields replace those of the Graph error:
   * `{http: 403, error: {code: 'accessDenied'}}` changes only the code.
   */
  readonly error?: unknown;
  /** Additional fields of the body. They override all others: `{fields: {status: null}}` sends no status. */
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
  /** The whole body instead of the operation's, any JSON value. */
  readonly body?: unknown;
  /** The whole body as raw text, whether JSON or not: `'<html>'`, `'{"status":'`, `''`. */
  readonly text?: string | undefined;
  /** The HTTP status, 200 to 599. Default 200; 302 with `redirect`, 401 with `claims`. */
  readonly http?: number | undefined;
  /** Additional headers of the answer. They override the emulator's own. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** The `Retry-After` header: a number of seconds, or any string. Default: none. */
  readonly retryAfter?: string | number | undefined;
  /** Milliseconds until the answer is sent. Default 0. */
  readonly delay?: number | undefined;
  /** How many polls in a row get this step. Default 1; the last step of a script repeats forever. */
  readonly times?: number | undefined;
  /**
   * Milliseconds since the operation was added (or since `rescript`): until then, this step answers every poll.
   * A step whose time has passed is skipped. Not together with `times`.
   */
  readonly until?: number | undefined;
  /** What goes wrong with the answer on its way. Default: nothing. */
  readonly fault?: Fault | undefined;
  /** A claims challenge, as JSON text or an object; sent as Base64 in the `WWW-Authenticate` header of a 401. */
  readonly claims?: string | Readonly<Record<string, unknown>> | undefined;
  /** The `Location` header of a redirect. Its HTTP status is 302 unless `http` is set; its body is empty. */
  readonly redirect?: string | undefined;
  /** The `Location` header of an answer that is not a redirect. Not together with `redirect`. */
  readonly location?: string | undefined;
}

/**
 * One step of a script: a status, or a full description of the answer.
 *
 * @example
 * const script: OperationStep[] = ['notStarted', {status: 'running', times: 3}, {http: 503, retryAfter: 2}, 'succeeded'];
 */
export type OperationStep = string | StepAnswer;
