import {inspect} from 'node:util';
import {
  type ClientPollOptions,
  createGraphClient,
  type GraphClient,
  type GraphClientOptions,
} from '../../src/graph/index.ts';
import type {OperationEvent} from '../../src/operation/events.ts';
import type {OperationPoller} from '../../src/poller.ts';
import * as schedules from '../../src/schedule/schedules.ts';

/** The token of these tests: long enough to be looked for. */
export const token = 'marker-token-0123456789';

/** Polls that follow each other at once, and retries too. */
export const quick: ClientPollOptions = {
  schedule: schedules.fixed(1),
  retry: {retries: 3, minTimeout: 1, maxTimeout: 1},
};

/** A client of an emulator. */
export function clientOf({root}: {readonly root: string}, options: Partial<GraphClientOptions> = {}): GraphClient {
  return createGraphClient({root, token, ...options});
}

/** All events of a poller from now on. */
export function eventsOf(poller: OperationPoller): OperationEvent[] {
  const events: OperationEvent[] = [];
  poller.on('*', (event) => events.push(event));
  return events;
}

/** What a promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('Expected it to reject');
}

/** All that can be seen of values: as JSON, and as the console shows them with everything hidden. */
export function everything(...values: readonly unknown[]): string {
  const seen = values.map((value) => inspect(value, {showHidden: true, depth: Number.POSITIVE_INFINITY}));
  return [...seen, ...values.map((value) => JSON.stringify(value))].join('\n');
}
