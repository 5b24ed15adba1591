// A worker in a process of its own, to be killed.
import {schedules} from 'operation-poller';
import {createOperationWorker} from 'operation-poller/bullmq';

const worker = createOperationWorker({
  ...JSON.parse(process.argv[2] ?? '{}'),
  schedule: schedules.fixed(1000),
  onError: () => undefined,
});
await worker.ready();
process.send?.('ready');
process.on('disconnect', () => process.exit());
