// A worker of the queue on Azure Storage in a process of its own, which the kit kills.
import {QueueServiceClient} from '@azure/storage-queue';
import {kitTurnOptions, type RunnerInstanceOptions} from 'operation-poller/testing';
import {work} from '../../../docs/examples/storage-queue.ts';

interface Given {
  readonly name: string;
  readonly connectionString: string;
  readonly instance: RunnerInstanceOptions;
}

const {name, connectionString, instance}: Given = JSON.parse(process.argv[2] ?? '');
const service = QueueServiceClient.fromConnectionString(connectionString);
const {lease, clockAhead} = instance;
process.on('disconnect', () => process.exit());
process.send?.('ready');
await work(service.getQueueClient(name), service.getQueueClient(`${name}-poison`), kitTurnOptions(instance), {
  lease,
  pause: 50,
  clock: () => Date.now() + clockAhead,
  onError: () => {},
});
