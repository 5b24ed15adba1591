/** A request as it reached the emulator. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query exactly as sent, byte for byte. */
  readonly path: string;
  /** Names in lower case; the values of a header sent several times are joined with `', '`. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body as text; absent if the request had none. */
  readonly body?: string;
  /** When it arrived: `Date.now()`, milliseconds since 1970. */
  readonly at: number;
  /** Whether the client closed the connection before it had the complete answer. Set as soon as the server notices. */
  readonly aborted: boolean;
  /** Whether it is a part of a `$batch`. It then has headers of its own, and the token, `at` and `aborted` of its envelope. */
  readonly batched: boolean;
}

/** Counts and records requests, and resolves the promises of `nextRequest()`. */
export class RequestRecorder {
  readonly requests: RecordedRequest[] = [];
  /** How many HTTP requests have arrived, recorded or not. */
  received = 0;
  /** Whether requests are kept in `requests`. */
  readonly records: boolean;
  /** What the promises of `nextRequest()` are settled by. */
  readonly #next: Array<{resolve: (request: RecordedRequest) => void; reject: (error: Error) => void}> = [];
  #stopped = false;

  constructor(records: boolean) {
    this.records = records;
  }

  /** Whether anybody would see the record of a request; if not, there is no need to create one. */
  get isNeeded(): boolean {
    return this.records || this.#next.length > 0;
  }

  add(request: RecordedRequest): void {
    if (this.records) this.requests.push(request);
    for (const {resolve} of this.#next.splice(0)) resolve(request);
  }

  next(): Promise<RecordedRequest> {
    if (this.#stopped) return Promise.reject(stopped());
    const next = new Promise<RecordedRequest>((resolve, reject) => this.#next.push({resolve, reject}));
    // A test that ended early must not fail a second time with an unhandled rejection.
    next.catch(() => {});
    return next;
  }

  stop(): void {
    this.#stopped = true;
    for (const {reject} of this.#next.splice(0)) reject(stopped());
  }
}

function stopped(): Error {
  return new Error('The Graph emulator was stopped, so no further request can arrive');
}
