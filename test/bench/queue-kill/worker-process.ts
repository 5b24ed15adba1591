// A worker in a process of its own, to be killed.
import {schedules} from 'operation-poller';
import {createOperationWorker} from 'operation-poller/bullmq';

// From the start on: its parent may end while it gets ready.
process.on('disconnect', () => process.exit());
const worker = createOperationWorker({
  ...JSON.parse(process.argv[2] ?? '{}'),
  schedule: schedules.fixed(1000),
  onError: () => undefined,
});
await worker.ready();
process.send?.('ready');
