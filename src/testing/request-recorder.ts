/** A request as it reached the emulator. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query exactly as sent, byte for byte. */
  readonly path: string;
  /** Header names in lower case; a header that came several times is joined with `', '`. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body as text; absent if the request had none. */
  readonly body?: string;
  /** When it arrived: `Date.now()`, milliseconds since 1970. */
  readonly at: number;
  /** Whether the client closed the connection before it had the whole answer. Becomes true as soon as that is noticed. */
  readonly aborted: boolean;
  /** Whether it came as a part of a `$batch`. It then has its own headers, and the token, `at` and `aborted` of its envelope. */
  readonly batched: boolean;
}

/** Takes down what was sent, and tells those who wait for the next request. */
export class RequestRecorder {
  readonly requests: RecordedRequest[] = [];
  readonly keeps: boolean;
  #waiting: PromiseWithResolvers | undefined;
  #stopped = false;

  constructor(keeps: boolean) {
    this.keeps = keeps;
  }

  /** Whether anybody would see a recorded request; if not, making one is a waste. */
  get wanted(): boolean {
    return this.keeps || this.#waiting !== undefined;
  }

  add(request: RecordedRequest): void {
    if (this.keeps) this.requests.push(request);
    this.#waiting?.resolve(request);
    this.#waiting = undefined;
  }

  next(): Promise<RecordedRequest> {
    if (this.#stopped) return Promise.reject(stopped());
    this.#waiting ??= withResolvers();
    return this.#waiting.promise;
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting?.reject(stopped());
    this.#waiting = undefined;
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
  // A test that ended early must not fail a second time because its promise was left behind.
  promise.catch(() => {});
  return {promise, resolve, reject};
}

function stopped(): Error {
  return new Error('The Graph emulator was stopped, so no further request can arrive');
}
