import type {Queue} from 'bullmq';
import {longestHold} from '../runner/origin-holds.ts';
import {chunksOf} from './chunks.ts';
import type {Woken} from './job.ts';
import {type RedisKeys, type RedisScript, runScript} from './redis-script.ts';

// A job's data is marked only while it waits: once a worker has it, one of the two would overwrite what the other writes. The hint
// is then kept beside it until its worker has put it back.
const mark = `
  local function mark(id, woken)
    local key = ARGV[1] .. id
    local data = redis.call('HGET', key, 'data')
    if data and string.sub(data, 1, 2) == '{"' then
      redis.call('HSET', key, 'data', '{"woken":"' .. woken .. '",' .. string.sub(data, 2))
    end
  end
  local function isWaiting(id) return redis.call('ZSCORE', KEYS[1], id) end
  local function isActive(id) return redis.call('EXISTS', ARGV[1] .. id .. ':lock') == 1 end`;

/** Where the hints are kept that wait for a worker to put a job back. */
export const hintsKey = 'hints';

/** A function of a script that keeps one. */
export const keepHint: string = `
  local function keepHint(key, id, woken)
    redis.call('HSET', key, id, woken)
    redis.call('PEXPIRE', key, ${longestHold})
  end`;

const wakeOperation: RedisScript = {
  name: 'wakeOperation',
  lua: `${mark} ${keepHint}
    local id, woken = ARGV[2], ARGV[3]
    if isWaiting(id) then
      mark(id, woken)
      return 1
    end
    if isActive(id) then keepHint(KEYS[2], id, woken) end
    return 0`,
};

const takeHints: RedisScript = {
  name: 'takeOperationHints',
  lua: `${mark}
    local hints = redis.call('HGETALL', KEYS[2])
    local marked = {}
    for index = 1, #hints, 2 do
      local id = hints[index]
      if isWaiting(id) then
        mark(id, hints[index + 1])
        marked[#marked + 1] = id
      end
      if not isActive(id) then redis.call('HDEL', KEYS[2], id) end
    end
    return marked`,
};

/** What a queue and a worker have in common. */
interface Jobs extends RedisKeys {
  readonly backend: RedisKeys['backend'] & Pick<Queue['backend'], 'promote'>;
}

/** BullMQ's states of jobs that are not over. */
export const watchedStates = ['delayed', 'waiting', 'prioritized', 'active'] as const;

/**
 * Ends the wait of a job early: a worker takes its turn now. If its turn is being taken, the wait that follows is ended.
 *
 * @returns whether there is such a job that is not over
 */
export async function wakeJob(queue: Queue, id: string, woken: Woken): Promise<boolean> {
  if ((await run<number>(queue, wakeOperation, id, woken)) === 1) {
    await promote(queue, id);
    return true;
  }
  const state = await queue.getJobState(id);
  return watchedStates.some((watched) => watched === state);
}

/** Ends the waits of the jobs that were woken while a worker had them, and that wait now. */
export async function wakeHintedJobs(worker: Jobs): Promise<void> {
  const ids = await run<readonly string[]>(worker, takeHints);
  await Promise.all(ids.map((id) => promote(worker, id)));
}

/** How many jobs are woken at once. */
const chunkSize = 100;

/** Wakes the jobs that waited for a hold which has been lifted. */
export async function wakeHeldJobs(queue: Queue, ids: readonly string[]): Promise<void> {
  for (const some of chunksOf(ids, chunkSize)) {
    await Promise.all(some.map((id) => wakeJob(queue, id, 'release')));
  }
}

async function run<Reply>(jobs: Jobs, script: RedisScript, ...args: readonly string[]): Promise<Reply> {
  return await runScript(jobs, script, ['delayed', hintsKey], [jobs.toKey(''), ...args]);
}

async function promote({backend}: Jobs, id: string): Promise<void> {
  // It may have come due in the meantime.
  await backend.promote(id).catch(() => {});
}
