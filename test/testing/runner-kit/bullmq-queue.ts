import type {ChildProcess} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {Queue} from 'bullmq';
import {Redis} from 'ioredis';
import {createOperationQueue} from 'operation-poller/bullmq';
import type {TestedRunner} from 'operation-poller/testing';
import {forkProgram, killChild, ready} from './fork-program.ts';

interface Connection {
  readonly host: string;
  readonly port: number;
}

/** A queue of BullMQ with a name of its own. Each instance is a worker in a process of its own. */
export function openBullmqQueue({host, port}: Connection): TestedRunner {
  const name = `kit-${randomUUID()}`;
  const connection = {host, port};
  const queue = createOperationQueue({name, connection, onError: () => {}});
  const redis = new Redis(connection);
  const children: ChildProcess[] = [];
  return {
    start: async (instance) => {
      const child = forkProgram('testing/runner-kit/bullmq-worker', {name, connection, instance});
      children.push(child);
      await ready(child);
      return {kill: () => killChild(child)};
    },
    add: (location, options) => queue.add(location, {...options, handOver: true}),
    wake: (key) => queue.wake(key),
    stored: async () => {
      const keys = await redis.keys(`bull:${name}:*`);
      return JSON.stringify(await Promise.all(keys.map((key) => contentOf(redis, key))));
    },
    close: async () => {
      await Promise.all(children.map(killChild));
      await queue.close();
      const bull = new Queue(name, {connection});
      await bull.obliterate({force: true});
      await bull.close();
      redis.disconnect();
    },
  };
}

/** What a key of Redis holds. */
async function contentOf(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, '0', '-1');
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      return undefined;
  }
}
