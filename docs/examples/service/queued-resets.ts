// The watch on a queue: resets are kept in Redis, watched by the workers of all instances, and each end is handed over.
import {createOperationEvents, createOperationQueue, createOperationWorker} from 'operation-poller/bullmq';
import {instrument} from 'operation-poller/opentelemetry';
import type {OpenResets, Reset} from './service.ts';

export const openResets: OpenResets = async ({place, client, onEnd, onError}) => {
  const engine = {name: 'resets', connection: {url: place, maxRetriesPerRequest: null}, onError};
  const queue = createOperationQueue<Reset>(engine);
  const worker = createOperationWorker<Reset>({...engine, client, onEnd});
  const events = createOperationEvents(engine);
  instrument(worker);
  return {
    add: (poller, options) => queue.add(poller, {...options, handOver: true}),
    get: (key) => queue.get(key),
    wake: (key) => queue.wake(key),
    on: (type, listener) => events.on(type, listener),
    close: async () => {
      await worker.close();
      await Promise.all([events.close(), queue.close()]);
    },
  };
};
