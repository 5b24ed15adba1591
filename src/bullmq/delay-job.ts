import type {Worker} from 'bullmq';
import type {ResumeToken} from '../resume-token.ts';
import type {OperationJob} from './job.ts';

/**
 * Moves a job to those that wait, and puts the new token into it: both or neither, and only while the lock is ours. BullMQ's
 * `updateData` and then `moveToDelayed` would be two round trips, and a worker that had lost its lock would write
 * its old token over the newer one of the worker that has it now.
 *
 * @throws Error when the lock is no longer ours
 */
export async function delayJob(
  worker: Pick<Worker, 'backend'>,
  {id = '', data}: OperationJob,
  dueAt: number,
  lock: string,
  token?: ResumeToken,
): Promise<void> {
  const now = Date.now();
  // A wait is no attempt.
  const options = {skipAttempt: true};
  const fields = token === undefined ? {} : {fieldsToUpdate: {data: JSON.stringify({...data, token})}};
  await worker.backend.moveToDelayed(id, now, Math.max(0, dueAt - now), lock, {...options, ...fields});
}
