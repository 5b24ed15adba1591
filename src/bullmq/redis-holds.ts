import type {RedisClient} from 'bullmq';
import type {OriginHolds} from '../runner/origin-holds.ts';
import {longestHold} from '../runner/step-unless-held.ts';

/** Access to a queue's keys in Redis. */
export interface RedisKeys {
  readonly client: Promise<RedisClient>;
  toKey(type: string): string;
}

/** An origin whose polls are held back. */
export interface Hold {
  /** In milliseconds since 1970, by Redis' clock. */
  readonly until: number;
  /** Whether it began now, rather than prolong another one. */
  readonly isNew: boolean;
}

const now = "local time = redis.call('TIME') local now = time[1] * 1000 + math.floor(time[2] / 1000)";

// Each origin is a member of a sorted set, whose score says until when it is held.
const scripts = {
  readOriginHolds: {
    numberOfKeys: 1,
    lua: `${now} return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf', 'WITHSCORES')`,
  },
  holdOrigin: {
    numberOfKeys: 1,
    lua: `${now}
      redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
      local before = redis.call('ZSCORE', KEYS[1], ARGV[1])
      local last = math.max(tonumber(before or 0), now + ARGV[2])
      redis.call('ZADD', KEYS[1], last, ARGV[1])
      redis.call('PEXPIRE', KEYS[1], ${longestHold})
      return {last, before and 0 or 1}`,
  },
  addHeldJob: {
    numberOfKeys: 1,
    lua: `redis.call('SADD', KEYS[1], ARGV[1]) redis.call('PEXPIRE', KEYS[1], ${longestHold})`,
  },
  releaseOrigins: {
    numberOfKeys: 1,
    lua: `local origins = ARGV[1] == '' and redis.call('ZRANGE', KEYS[1], 0, -1) or {ARGV[1]}
      for _, origin in ipairs(origins) do redis.call('ZREM', KEYS[1], origin) end
      return origins`,
  },
} as const;

/** The origins that are held back, in Redis: all workers of a queue share them. */
export class RedisHolds {
  readonly #keys: RedisKeys;
  readonly #client: Promise<RedisClient>;

  constructor(keys: RedisKeys) {
    this.#keys = keys;
    this.#client = keys.client.then((client) => {
      for (const [name, script] of Object.entries(scripts)) client.defineCommand(name, script);
      return client;
    });
    // Whoever awaits it gets the error.
    this.#client.catch(() => {});
  }

  /** The origins that are held now, and until when, in milliseconds since 1970. */
  async read(): Promise<OriginHolds> {
    const flat: readonly string[] = await this.#run('readOriginHolds', this.#keys.toKey('holds'));
    const holds = new Map<string, number>();
    for (let index = 0; index + 1 < flat.length; index += 2) holds.set(flat[index] ?? '', Number(flat[index + 1]));
    return holds;
  }

  /** Holds an origin for `duration` milliseconds, an hour at most. A shorter hold does not end a longer one. */
  async hold(origin: string, duration: number): Promise<Hold> {
    const wait = Math.ceil(Math.min(duration, longestHold));
    const [until, isNew] = await this.#run('holdOrigin', this.#keys.toKey('holds'), origin, wait);
    return {until: Number(until), isNew: isNew === 1};
  }

  /** Records that a job waits for the end of a hold. */
  async addJob(origin: string, id: string): Promise<void> {
    await this.#run('addHeldJob', this.#heldKey(origin), id);
  }

  /** Ends the hold of an origin, or all holds. @returns the ids of the jobs that waited for it */
  async release(origin: string | undefined): Promise<string[]> {
    const origins: readonly string[] = await this.#run('releaseOrigins', this.#keys.toKey('holds'), origin ?? '');
    const client = await this.#client;
    const ids: string[] = [];
    for (const released of origins) {
      const key = this.#heldKey(released);
      ids.push(...(await client.smembers(key)));
      await client.del(key);
    }
    return ids;
  }

  #heldKey(origin: string): string {
    return this.#keys.toKey(`held:${origin}`);
  }

  async #run(name: keyof typeof scripts, ...args: ReadonlyArray<string | number>) {
    return (await this.#client).runCommand(name, [...args]);
  }
}
