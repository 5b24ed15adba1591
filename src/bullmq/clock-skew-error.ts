/**
 * A worker's clock and Redis' differ by more than 5 s: the worker takes no jobs until they agree, and then goes on by itself.
 * Reported once.
 */
export class ClockSkewError extends Error {
  override readonly name = 'ClockSkewError';
  /** How far the worker's clock is ahead of Redis', in milliseconds. */
  readonly skew: number;

  constructor(skew: number) {
    const which = skew > 0 ? 'ahead of' : 'behind';
    super(`This machine's clock is ${Math.abs(skew)} ms ${which} Redis': the worker takes no jobs until they agree`);
    this.skew = skew;
  }
}
