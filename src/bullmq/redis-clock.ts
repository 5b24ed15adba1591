import {type Clock, processClock, now as processNow} from '../shared/clock.ts';
import {type RedisKeys, type RedisScript, runScript} from './redis-script.ts';

/** How far from Redis' clock this machine's may be, in milliseconds. BullMQ makes jobs due by the machine's clock. */
export const maxSkew = 5000;

const samples = 3;
const longestValidity = 60_000;
// With a key of the queue, so that a Redis Cluster asks the node that stamps the queue's times.
const queueKey = ['meta'];
const readTime: RedisScript = {name: 'readRedisTime', lua: "return redis.call('TIME')"};

/**
 * Redis' clock, which all times in jobs are given by: this process's, corrected by how far it was off when last measured. Whatever is
 * done to the wall clock of this machine moves no time.
 */
export class RedisClock implements Clock {
  readonly #keys: RedisKeys;
  /** How far the wall clock had been set, in this process, when it was measured. */
  #wallOffset = processClock.wallOffset();
  /** How far Redis' clock is ahead of this process's. Until it is measured, it is taken for the wall clock. */
  #ahead = this.#wallOffset;
  #measuredAt = Number.NEGATIVE_INFINITY;

  constructor(keys: RedisKeys) {
    this.#keys = keys;
  }

  now(): number {
    return processNow() + this.#ahead;
  }

  /** It is a wall clock itself. */
  wallOffset(): number {
    return 0;
  }

  /** How far the wall clock of this machine is ahead of Redis', in milliseconds. */
  skew(): number {
    return processClock.wallOffset() - this.#ahead;
  }

  /** Compares the clocks unless that was done within the last minute and the wall clock was not set since. @throws what Redis answers */
  async update(): Promise<void> {
    const isRecent = processNow() - this.#measuredAt < longestValidity;
    // This process's clock stands still while the machine is suspended, and then the wall clock seems to have been set. Both are read in
    // whole milliseconds: one of difference is none.
    if (!isRecent || Math.abs(processClock.wallOffset() - this.#wallOffset) > 1) await this.measure();
  }

  /** Compares this machine's clock with Redis'. @throws what Redis answers */
  async measure(): Promise<void> {
    let best = {roundTrip: Number.POSITIVE_INFINITY, ahead: 0};
    for (let sample = 0; sample < samples; sample += 1) {
      const sent = performance.now();
      const [seconds, microseconds] = await runScript<[string, string]>(this.#keys, readTime, queueKey);
      // In this order, a pause between the two makes the round trip longer, which allows for the error that it causes.
      const receivedAt = processNow();
      const roundTrip = performance.now() - sent;
      const redis = Number(seconds) * 1000 + Number(microseconds) / 1000;
      if (roundTrip < best.roundTrip) best = {roundTrip, ahead: redis - (receivedAt - roundTrip / 2)};
    }
    // What the round trip may hide, and the millisecond that is cut off, is no difference: waits would get shorter by it.
    if (Math.abs(best.ahead - this.#ahead) > best.roundTrip / 2 + 1) this.#ahead = Math.round(best.ahead);
    this.#wallOffset = processClock.wallOffset();
    this.#measuredAt = processNow();
  }
}
