import type {RedisClient} from 'bullmq';

/** Access to a queue's keys in Redis: BullMQ's queue or worker. */
export interface RedisKeys {
  readonly backend: {readonly client: Promise<RedisClient>};
  toKey(type: string): string;
}

/** A script that Redis runs as one command. */
export interface RedisScript {
  /** The command's name; BullMQ's own scripts are commands of the same client. */
  readonly name: string;
  readonly lua: string;
}

/**
 * Runs a script.
 *
 * @param types of the queue's keys that it uses: always as many
 * @returns what it returns, whose type nobody checks
 * @throws what Redis answers
 */
export async function runScript<Reply>(
  keys: RedisKeys,
  {name, lua}: RedisScript,
  types: readonly string[],
  args: ReadonlyArray<string | number> = [],
): Promise<Reply> {
  const client = await keys.backend.client;
  // Once for each client: some load the script into Redis with it.
  if (!(name in client)) client.defineCommand(name, {numberOfKeys: types.length, lua});
  return client.runCommand(name, [...types.map((type) => keys.toKey(type)), ...args]);
}
