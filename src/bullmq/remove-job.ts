import {setTimeout as sleep} from 'node:timers/promises';
import {Job, type Queue} from 'bullmq';
import {writeResumeToken} from '../operation/resume-token.ts';
import {abandon} from '../polling/step.ts';
import {type OperationRecord, stateOf} from '../runner/record.ts';
import {RecordRefusedError} from '../runner/record-refused-error.ts';
import type {Clock} from '../shared/clock.ts';
import {doublingDelay} from '../shared/timers.ts';
import {type JobReference, type OperationJob, readingJob, readJob} from './job.ts';
import type {Publisher} from './publisher.ts';
import {type RedisScript, runScript} from './redis-script.ts';

/** How long to wait before another attempt to remove a job that is being polled, at first and at most, in milliseconds. */
const firstDelay = 10;
const longestDelay = 250;
/** How long no worker takes a job that is being removed, in milliseconds. If its removal broke off, the job goes on after that. */
const removalTime = 60_000;

// BullMQ removes whatever a job holds by then, and a worker may have stored the end since it was read here. No worker takes it before
// its delay has passed.
const holdBack: RedisScript = {
  name: 'holdBackOperation',
  lua: `
    local key, id = ARGV[1] .. ARGV[2], ARGV[2]
    if redis.call('EXISTS', key .. ':lock') == 1 or redis.call('HEXISTS', key, 'finishedOn') == 1 then return 0 end
    local isRead, job = pcall(cjson.decode, redis.call('HGET', key, 'data') or '')
    local ended = isRead and type(job) == 'table' and job.handOver and job.ended
    if type(ended) == 'table' and ended.rejections == 0 then return 0 end
    local isDue = redis.call('ZREM', KEYS[2], id) + redis.call('LREM', KEYS[3], 1, id) > 0
    if isDue or redis.call('ZSCORE', KEYS[1], id) then redis.call('ZADD', KEYS[1], ARGV[3], id) end
    return 1`,
};

/**
 * Removes a job, and publishes that watching was stopped. One that is being polled belongs to its worker until the poll is over. One
 * whose end is stored is over, and stays until its `onEnd` has been called.
 *
 * @returns whether there was something to stop
 */
export async function removeJob(
  queue: Queue,
  {jobId, id}: JobReference,
  publisher: Publisher,
  clock: Clock,
): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    const job: OperationJob | undefined = await readingJob(jobId, () => Job.fromId(queue, jobId));
    if (job === undefined || job.finishedOn !== undefined) return false;
    const record = tryReadJob(jobId, job);
    if (id !== undefined && record !== undefined && record.id !== id) return false;
    if (await tryRemove(queue, jobId, clock)) {
      if (record !== undefined) await publishStop(record, publisher, clock);
      return true;
    }
    const delay = doublingDelay(firstDelay, longestDelay, attempt);
    // Its end is about to be handed over, or is, perhaps to an `onEnd` that awaits this; a worker that has none skips it at once.
    if (record?.ended !== undefined && delay === longestDelay) return false;
    await sleep(delay);
  }
}

function tryReadJob(jobId: string, job: OperationJob): OperationRecord | undefined {
  try {
    return readJob(jobId, job.data);
  } catch (error) {
    if (error instanceof RecordRefusedError) return undefined;
    throw error;
  }
}

async function tryRemove(queue: Queue, jobId: string, clock: Clock): Promise<boolean> {
  const types = ['delayed', 'prioritized', 'wait'];
  // BullMQ's score of a delay has room for 4096 jobs in each millisecond.
  const score = Math.ceil(clock.now() + removalTime) * 4096;
  if ((await runScript<number>(queue, holdBack, types, [queue.toKey(''), jobId, score])) === 0) return false;
  // 0: a worker has just taken it.
  return (await queue.backend.remove(jobId, true)) !== 0;
}

async function publishStop(record: OperationRecord, publisher: Publisher, clock: Clock): Promise<void> {
  try {
    const {state, events} = abandon(stateOf(record), 'stopped', undefined, clock);
    if (events.length === 0) return;
    const ended = {dueAt: clock.now(), rejections: 0};
    await publisher.publish({record: {...record, token: writeResumeToken(state), ended}, events});
  } catch (error) {
    // The job is removed even if nobody can read what it held.
    if (!(error instanceof RecordRefusedError)) throw error;
  }
}
