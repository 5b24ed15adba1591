import {
  isRedisInstance,
  type QueueBase,
  QueueEvents,
  type RedisClient,
  type RedisConnection,
  type RedisQueueBackend,
} from 'bullmq';
import {endsWithin} from '../shared/timers.ts';

/** How long closing waits for Redis, in milliseconds. */
export const longestClose = 5000;

/**
 * Closes a part of BullMQ, which by itself waits for as long as Redis is away. If Redis does not answer in time, the part's connections
 * are cut, and whatever waits for them fails.
 *
 * @param timeout in milliseconds
 * @returns whether Redis answered in time
 */
export async function closeInTime(
  part: QueueBase<RedisQueueBackend>,
  timeout: number = longestClose,
): Promise<boolean> {
  const isInTime = await endsWithin(timeout, part.close());
  if (!isInTime) for (const connection of connectionsOf(part)) cut(connection);
  return isInTime;
}

/** The connections that are its own: a client of ioredis that it was given stays the host's. */
function connectionsOf(part: QueueBase<RedisQueueBackend>): readonly RedisConnection[] {
  const {connection, blockingConnection} = part.backend;
  // A reader of the event stream blocks its connection, so it has a copy of the client.
  const isShared = isRedisInstance(part.opts.connection) && !(part instanceof QueueEvents);
  return [isShared ? undefined : connection, blockingConnection].filter((each) => each !== undefined);
}

function cut(connection: RedisConnection): void {
  // Until it has connected once, its client is out of our reach, but not of BullMQ's.
  if (connection.status === 'initializing') connection.close(true).catch(() => {});
  connection.client.then(end, () => {});
}

function end(client: RedisClient): void {
  client.disconnect();
  // Between two attempts to connect there is no socket whose end would make ioredis fail the waiting commands: it takes one more attempt.
  if (client.status !== 'reconnecting') return;
  client.connect().catch(() => {});
  client.disconnect();
}
