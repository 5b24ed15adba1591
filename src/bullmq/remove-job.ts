import {setTimeout as sleep} from 'node:timers/promises';
import {Job, type Queue} from 'bullmq';
import {InvalidResumeTokenError} from '../operation/errors.ts';
import {abandon} from '../polling/step.ts';
import {type OperationJob, readJobToken} from './job.ts';
import type {Publisher} from './publisher.ts';

const firstPause = 10;
const longestPause = 250;

/**
 * Removes a job, and tells that watching was stopped. One that is being polled belongs to its worker until the poll is over.
 *
 * @returns whether there was something to stop
 */
export async function cancelJob(queue: Queue, id: string, publisher: Publisher): Promise<boolean> {
  for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
    const job: OperationJob | undefined = await Job.fromId(queue, id);
    if (job === undefined || job.finishedOn !== undefined) return false;
    if ((await job.getState()) !== 'active' && (await isRemoved(job))) {
      await tell(job, publisher);
      return true;
    }
    await sleep(pause);
  }
}

async function isRemoved(job: OperationJob): Promise<boolean> {
  try {
    await job.remove();
    return true;
  } catch (error) {
    // A worker has just taken it. BullMQ has no class for that.
    if (error instanceof Error && error.message.includes('locked')) return false;
    throw error;
  }
}

async function tell(job: OperationJob, publisher: Publisher): Promise<void> {
  if (job.id === undefined) return;
  try {
    const state = readJobToken(job.data.token);
    await publisher.publish(job.id, abandon(state, 'stopped', Date.now(), undefined));
  } catch (error) {
    // It is canceled all the same.
    if (!(error instanceof InvalidResumeTokenError)) throw error;
  }
}
