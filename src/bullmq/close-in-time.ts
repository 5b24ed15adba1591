import {setTimeout as sleep} from 'node:timers/promises';
import type {QueueBase} from 'bullmq';

/** How long closing waits for Redis, in milliseconds. */
export const longestClose = 5000;

/**
 * Waits until something is closed. Where Redis is gone, BullMQ would wait for it for ever: then the connections are cut, and what was
 * under way is left to others.
 *
 * @param parts what is being closed
 */
export async function closeInTime(
  closing: Promise<unknown>,
  parts: readonly (QueueBase | undefined)[],
  timeout: number = longestClose,
): Promise<void> {
  const inTime = new AbortController();
  const timer = sleep(timeout, 'late', {signal: inTime.signal}).catch(() => {});
  try {
    if ((await Promise.race([closing, timer])) !== 'late') return;
  } finally {
    inTime.abort();
  }
  for (const part of parts) {
    // They may wait for Redis as well, the second for the first.
    part?.backend.disconnectBlocking(false).catch(() => {});
    part?.disconnect().catch(() => {});
  }
}
