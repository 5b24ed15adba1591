import type {ConnectionOptions} from 'bullmq';
import {describeValue, expected} from '../shared/check-options.ts';

/** What Redis hashes in place of the whole key: what the first pair of braces holds. */
const hashTag = /^[^{]*\{[^}]+\}/;

/** What the keys of a queue begin with, and where they are. */
interface Place {
  readonly connection: ConnectionOptions;
  readonly prefix?: string | undefined;
  readonly name: string;
}

/**
 * Checks that a Redis Cluster keeps all keys of a queue on one node: BullMQ's scripts use several of them at once. Without this, the
 * first command that does would fail with `CROSSSLOT`.
 *
 * @throws TypeError when neither the prefix nor the name has a hash tag
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export function checkHashTag({connection, prefix, name}: Place): void {
  if (connection.isCluster !== true || hashTag.test(`${prefix ?? ''}:${name}`)) return;
  throw expected('prefix', "one with a hash tag, e.g. '{bull}', for a Redis Cluster", describeValue(prefix));
}
