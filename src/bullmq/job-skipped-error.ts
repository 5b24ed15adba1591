/**
 * A worker has skipped a job, because it cannot poll it: another worker may be able to. The job is handed on at once,
 * and again less and less often, but at least once a minute.
 */
export class JobSkippedError extends Error {
  override readonly name = 'JobSkippedError';
  /** The job's id. */
  readonly id: string;
  /**
   * `'unknownProtocol'`: the worker has no protocol of that name. `'foreignOrigin'`: the operation is not on the Graph
   * client's root. `'invalidToken'`: what the job holds cannot be read, e.g. because a later version wrote it.
   */
  readonly reason: 'unknownProtocol' | 'foreignOrigin' | 'invalidToken';
  /** The protocol's name, where it could be read. */
  readonly protocol: string | undefined;

  constructor(why: string, id: string, reason: JobSkippedError['reason'], protocol?: string) {
    super(`Job ${id} was skipped: ${why}`);
    this.id = id;
    this.reason = reason;
    this.protocol = protocol;
  }
}
