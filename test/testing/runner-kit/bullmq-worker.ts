// A worker of BullMQ in a process of its own, which the kit kills. Its clock is ahead by as much as the kit asks for.
import type {RunnerInstanceOptions} from 'operation-poller/testing';

interface Given {
  readonly name: string;
  readonly connection: {readonly host: string; readonly port: number};
  readonly instance: RunnerInstanceOptions;
}

// From the start on: its parent may end while it gets ready.
process.on('disconnect', () => process.exit());
const {name, connection, instance}: Given = JSON.parse(process.argv[2] ?? '');
const now = Date.now;
Date.now = () => now() + instance.clockAhead;
const {createOperationWorker} = await import('operation-poller/bullmq');
const {kitTurnOptions} = await import('operation-poller/testing');
const worker = createOperationWorker({
  ...kitTurnOptions(instance),
  name,
  connection,
  recoverAfter: instance.lease,
  onError: () => {},
});
await worker.ready();
process.send?.('ready');
