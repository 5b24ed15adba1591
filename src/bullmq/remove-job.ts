import {setTimeout as sleep} from 'node:timers/promises';
import {Job, type Queue} from 'bullmq';
import {InvalidResumeTokenError} from '../operation/errors.ts';
import {abandon} from '../polling/step.ts';
import type {Clock} from '../shared/clock.ts';
import {type OperationJob, readingJob, readJobToken} from './job.ts';
import type {Publisher} from './publisher.ts';

const firstDelay = 10;
const longestDelay = 250;

/**
 * Removes a job, and publishes that watching was stopped. One that is being polled belongs to its worker until the poll is over.
 *
 * @returns whether there was something to stop
 */
export async function removeJob(queue: Queue, id: string, publisher: Publisher, clock: Clock): Promise<boolean> {
  for (let delay = firstDelay; ; delay = Math.min(2 * delay, longestDelay)) {
    const job: OperationJob | undefined = await readingJob(id, () => Job.fromId(queue, id));
    if (job === undefined || job.finishedOn !== undefined) return false;
    if ((await job.getState()) !== 'active' && (await tryRemove(job))) {
      await publishStop(id, job, publisher, clock);
      return true;
    }
    await sleep(delay);
  }
}

async function tryRemove(job: OperationJob): Promise<boolean> {
  try {
    await job.remove();
    return true;
  } catch (error) {
    // A worker has just taken it. BullMQ has no class for this error.
    if (error instanceof Error && error.message.includes('locked')) return false;
    throw error;
  }
}

async function publishStop(id: string, job: OperationJob, publisher: Publisher, clock: Clock): Promise<void> {
  try {
    const state = readJobToken(job.data?.token);
    await publisher.publish(id, abandon(state, 'stopped', undefined, clock));
  } catch (error) {
    // The job is removed even if nobody can read what it held.
    if (!(error instanceof InvalidResumeTokenError)) throw error;
  }
}
