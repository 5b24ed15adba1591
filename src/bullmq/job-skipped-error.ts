import {printable} from '../shared/printable.ts';

/**
 * A worker has skipped a job that it can do nothing with; another worker may be able to. The job is put back twice without a delay,
 * then with one of a quarter of the time since the first skip, from 10 ms to 60 s, and so on. Reported at the first skip, and at each
 * delay of a second or more. A job that BullMQ itself cannot read is delayed for a minute right away.
 */
export class JobSkippedError extends Error {
  override readonly name = 'JobSkippedError';
  /** The operation's id; the job's where it could not be read. */
  readonly id: string;
  /**
   * `'unknownProtocol'`: the worker has no protocol of that name. `'foreignOrigin'`: the operation is not on the client's root, or
   * one of its URLs needs a key that is none of the client's headers.
   * `'noOnEnd'`: the operation was added with `handOver`, and the worker has no `onEnd`. `'invalidToken'`: what the job holds
   * cannot be read, e.g. because a later version wrote it.
   */
  readonly reason: 'unknownProtocol' | 'foreignOrigin' | 'noOnEnd' | 'invalidToken';
  /** The protocol's name, where it could be read. */
  readonly protocol: string | undefined;

  constructor(why: string, id: string, reason: JobSkippedError['reason'], protocol?: string) {
    super(printable(`Job ${id} was skipped: ${why}`));
    this.id = id;
    this.reason = reason;
    this.protocol = protocol;
  }
}
