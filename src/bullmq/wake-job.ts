import {setTimeout as sleep} from 'node:timers/promises';
import type {Queue, RedisClient} from 'bullmq';
import type {Woken} from './job.ts';

// Only while the job waits: once a worker has it, one of the two would overwrite what the other writes.
const markWoken = {
  numberOfKeys: 2,
  lua: `
    if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
    local data = redis.call('HGET', KEYS[2], 'data')
    if data and string.sub(data, 1, 2) == '{"' then
      redis.call('HSET', KEYS[2], 'data', '{"woken":"' .. ARGV[2] .. '",' .. string.sub(data, 2))
    end
    return 1`,
};

const watchedStates: ReadonlySet<string> = new Set(['delayed', 'waiting', 'prioritized', 'active']);

const firstDelay = 10;
const longestDelay = 250;

/**
 * Ends the wait of a job early: a worker takes its turn now. One whose turn is being taken belongs to its worker until that is
 * over.
 *
 * @param patience how long to wait for that, in milliseconds
 * @returns whether there is such a job that is not over
 */
export async function wakeJob(queue: Queue, id: string, woken: Woken, patience: number): Promise<boolean> {
  const client = await queue.backend.client;
  client.defineCommand('markOperationWoken', markWoken);
  let turn: string | null | undefined;
  for (let delay = firstDelay, left = patience; ; delay = Math.min(2 * delay, longestDelay)) {
    if (await mark(client, queue, id, woken)) {
      // It may have come due in the meantime.
      await queue.backend.promote(id).catch(() => {});
      return true;
    }
    left -= delay;
    const state = await queue.getJobState(id);
    if (left < 0 || state !== 'active') return watchedStates.has(state);
    const begunAt = await client.hget(queue.toKey(id), 'processedOn');
    // The next turn began after the hint, so it shows what has changed. Otherwise many hints make polls one after another.
    if (turn !== undefined && begunAt !== turn) return true;
    turn = begunAt;
    await sleep(delay);
  }
}

async function mark(client: RedisClient, queue: Queue, id: string, woken: Woken): Promise<boolean> {
  const keys = [queue.toKey('delayed'), queue.toKey(id)];
  return (await client.runCommand('markOperationWoken', [...keys, id, woken])) === 1;
}

const atOnce = 100;
/** A worker that has just seen the hold puts its job back in a moment. */
const holdPatience = 1000;

/** Wakes the jobs that waited for a hold which has been lifted. */
export async function wakeHeldJobs(queue: Queue, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += atOnce) {
    await Promise.all(ids.slice(from, from + atOnce).map((id) => wakeJob(queue, id, 'release', holdPatience)));
  }
}
