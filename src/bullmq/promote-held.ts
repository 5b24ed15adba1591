import {setTimeout as sleep} from 'node:timers/promises';
import type {Queue} from 'bullmq';

const atOnce = 100;
const interval = 50;
const attempts = 20;

/** Makes the jobs due that waited for a hold which has been lifted. */
export async function promoteHeld(queue: Queue, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += atOnce) {
    await Promise.all(ids.slice(from, from + atOnce).map((id) => promote(queue, id)));
  }
}

async function promote(queue: Queue, id: string): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    try {
      return await queue.backend.promote(id);
    } catch {
      // It is not waiting. A worker that has just seen the hold puts it back in a moment.
      if ((await queue.getJobState(id)) !== 'active') return;
    }
    await sleep(interval);
  }
}
