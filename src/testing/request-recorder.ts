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

/** Records requests and resolves the promises of `nextRequest()`. */
export class RequestRecorder {
  readonly requests: RecordedRequest[] = [];
  /** Whether requests are kept in `requests`. */
  readonly records: boolean;
  #next: PromiseWithResolvers | undefined;
  #stopped = false;

  constructor(records: boolean) {
    this.records = records;
  }

  /** Whether anybody would see the record of a request; if not, there is no need to create one. */
  get isNeeded(): boolean {
    return this.records || this.#next !== undefined;
  }

  add(request: RecordedRequest): void {
    if (this.records) this.requests.push(request);
    this.#next?.resolve(request);
    this.#next = undefined;
  }

  next(): Promise<RecordedRequest> {
    if (this.#stopped) return Promise.reject(stopped());
    this.#next ??= withResolvers();
    return this.#next.promise;
  }

  stop(): void {
    this.#stopped = true;
    this.#next?.reject(stopped());
    this.#next = undefined;
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<RecordedRequest>;
  readonly resolve: (request: RecordedRequest) => void;
  readonly reject: (error: Error) => void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve: (request: RecordedRequest) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<RecordedRequest>((...settle) => {
    [resolve, reject] = settle;
  });
  // A test that ended early must not fail a second time with an unhandled rejection.
  promise.catch(() => {});
  return {promise, resolve, reject};
}

function stopped(): Error {
  return new Error('The Graph emulator was stopped, so no further request can arrive');
}
