import {longestHold, type OriginHolds} from '../runner/origin-holds.ts';
import {type RedisKeys, type RedisScript, runScript} from './redis-script.ts';
import {hintsKey, keepHint} from './wake-job.ts';

/** An origin whose polls are held back. */
export interface Hold {
  /** In milliseconds since 1970, by Redis' clock. */
  readonly until: number;
  /** Whether it began now, rather than prolong another one. */
  readonly isNew: boolean;
}

const now = "local time = redis.call('TIME') local now = time[1] * 1000 + math.floor(time[2] / 1000)";

// Each origin is a member of a sorted set, whose score says until when it is held.
const readHolds: RedisScript = {
  name: 'readOriginHolds',
  lua: `${now} return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf', 'WITHSCORES')`,
};

const holdOrigin: RedisScript = {
  name: 'holdOrigin',
  lua: `${now}
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
    local before = redis.call('ZSCORE', KEYS[1], ARGV[1])
    local last = math.max(tonumber(before or 0), now + ARGV[2])
    redis.call('ZADD', KEYS[1], last, ARGV[1])
    redis.call('PEXPIRE', KEYS[1], ${longestHold})
    return {last, before and 0 or 1}`,
};

// A hold may be lifted between a turn that went by it and this: the job is then woken as those that waited already.
const addHeldJob: RedisScript = {
  name: 'addHeldJob',
  lua: `${keepHint}
    local id, hold = ARGV[1], ARGV[2]
    if hold ~= '' and not redis.call('ZSCORE', KEYS[1], hold) then
      keepHint(KEYS[3], id, 'release')
    else
      redis.call('SADD', KEYS[2], id)
      redis.call('PEXPIRE', KEYS[2], ${longestHold})
    end`,
};

const releaseOrigins: RedisScript = {
  name: 'releaseOrigins',
  lua: `local origins = ARGV[1] == '' and redis.call('ZRANGE', KEYS[1], 0, -1) or {ARGV[1]}
    for _, origin in ipairs(origins) do redis.call('ZREM', KEYS[1], origin) end
    return origins`,
};

// In one command: a job that was added between the two would be forgotten, and would wait for a hold that has been lifted.
const takeHeldJobs: RedisScript = {
  name: 'takeHeldJobs',
  lua: `local ids = redis.call('SMEMBERS', KEYS[1]) redis.call('DEL', KEYS[1]) return ids`,
};

const holdsKey = 'holds';

/** The origins that are held back, in Redis: all workers of a queue share them. */
export class RedisHolds {
  readonly #keys: RedisKeys;

  constructor(keys: RedisKeys) {
    this.#keys = keys;
  }

  /** The origins that are held now, and until when, in milliseconds since 1970. */
  async read(): Promise<OriginHolds> {
    const flat = await runScript<readonly string[]>(this.#keys, readHolds, [holdsKey]);
    const holds = new Map<string, number>();
    for (let index = 0; index + 1 < flat.length; index += 2) holds.set(flat[index] ?? '', Number(flat[index + 1]));
    return holds;
  }

  /** Holds an origin for `duration` milliseconds, an hour at most. A shorter hold does not end a longer one. */
  async hold(origin: string, duration: number): Promise<Hold> {
    const wait = Math.ceil(Math.min(duration, longestHold));
    const [until, isNew] = await runScript<[number, number]>(this.#keys, holdOrigin, [holdsKey], [origin, wait]);
    return {until: Number(until), isNew: isNew === 1};
  }

  /**
   * Records that a job waits until an origin is not held back any more.
   *
   * @param isHeld whether the origin is held here, and not only by the worker's own client
   */
  async addJob(origin: string, id: string, isHeld: boolean): Promise<void> {
    const keys = [holdsKey, heldKey(origin), hintsKey];
    await runScript(this.#keys, addHeldJob, keys, [id, isHeld ? origin : '']);
  }

  /** Ends the hold of an origin, or all holds. @returns the ids of the jobs that waited for it */
  async release(origin: string | undefined): Promise<string[]> {
    const origins = await runScript<readonly string[]>(this.#keys, releaseOrigins, [holdsKey], [origin ?? '']);
    const take = (held: string) => runScript<readonly string[]>(this.#keys, takeHeldJobs, [heldKey(held)]);
    return (await Promise.all(origins.map(take))).flat();
  }
}

/** The key of the jobs that wait for the end of an origin's hold. */
function heldKey(origin: string): string {
  return `held:${origin}`;
}
