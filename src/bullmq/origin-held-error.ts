/**
 * A service throttled a poll and asked for no requests for a while: the polls of all operations on its origin wait for the end of
 * the hold, on all workers. Reported once for each hold; the queue's `release` lifts it.
 */
export class OriginHeldError extends Error {
  override readonly name = 'OriginHeldError';
  /** The origin of the operations' locations. */
  readonly origin: string;
  /** When the hold ends, in milliseconds since 1970: an hour after it began at most. */
  readonly until: number;
  /** The wait that the service asked for, in milliseconds: `maxRetryAfter` at most, where the worker has it. */
  readonly retryAfter: number;

  constructor(origin: string, until: number, retryAfter: number) {
    super(`${origin} asked for no requests for ${retryAfter} ms: held back until ${new Date(until).toISOString()}`);
    this.origin = origin;
    this.until = until;
    this.retryAfter = retryAfter;
  }
}
