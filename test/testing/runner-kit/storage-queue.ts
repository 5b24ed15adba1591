import type {ChildProcess} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {QueueServiceClient} from '@azure/storage-queue';
import {createRecord} from 'operation-poller/runner';
import type {TestedRunner} from 'operation-poller/testing';
import {add} from '../../../docs/examples/storage-queue.ts';
import type {TestAzurite} from '../../support/azurite.ts';
import {forkProgram, killChild, ready} from './fork-program.ts';

/** The queue of the documents on Azure Storage, with queues of its own. Each instance is a worker in a process of its own. */
export async function openStorageQueue({connectionString, texts}: TestAzurite): Promise<TestedRunner> {
  const service = QueueServiceClient.fromConnectionString(connectionString);
  const name = `kit-${randomUUID()}`;
  const queue = service.getQueueClient(name);
  const poison = service.getQueueClient(`${name}-poison`);
  await Promise.all([queue.create(), poison.create()]);
  const children: ChildProcess[] = [];
  return {
    cannot: {wake: 'a message cannot be found by its key, and only its receiver can change it'},
    start: async (instance) => {
      const child = forkProgram('testing/runner-kit/storage-worker', {name, connectionString, instance});
      children.push(child);
      await ready(child);
      return {kill: () => killChild(child)};
    },
    add: (location, options) => add(queue, createRecord(location, options)),
    // Each record begins as Base64 has {"version".
    stored: async () =>
      texts()
        .split(/(?=eyJ2ZXJzaW9uI)/)
        .map((text) => Buffer.from(text, 'base64').toString())
        .join('\n'),
    close: async () => {
      await Promise.all(children.map(killChild));
      await Promise.all([queue.delete(), poison.delete()]);
    },
  };
}
