// A worker in a process of its own, to be killed: `node --import ./test/support/load-typescript.mjs worker-process.ts`.
import {createOperationWorker} from '../../src/bullmq/index.ts';

// From the start on: its parent may end while it gets ready.
process.on('disconnect', () => process.exit());
const {name, connection, token, hangsInOnEnd} = JSON.parse(process.argv[2] ?? '{}');
const onEnd = hangsInOnEnd
  ? ({id}: {readonly id: string}): Promise<void> => {
      process.send?.(id);
      return new Promise(() => {});
    }
  : undefined;
const worker = createOperationWorker({name, connection, token, schedule: () => 20, recoverAfter: 3000, onEnd});
await worker.ready();
process.send?.('ready');
