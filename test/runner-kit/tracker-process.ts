// A tracker in a process of its own, which the kit kills. It does what its parent sends, and sends back the number of the message.
import {fileStore} from 'operation-poller/node';
import {kitTurnOptions, type RunnerInstanceOptions, type TestedOperationOptions} from 'operation-poller/testing';
import {createOperationTracker} from 'operation-poller/tracker';

interface Given {
  readonly folder: string;
  readonly instance: RunnerInstanceOptions;
}

/** What a parent sends. */
export type TrackerCall =
  | {readonly number: number; readonly wake: string}
  | {readonly number: number; readonly add: string; readonly options: TestedOperationOptions};

const {folder, instance}: Given = JSON.parse(process.argv[2] ?? '');
const tracker = await createOperationTracker({
  ...kitTurnOptions(instance),
  store: fileStore(folder),
  onError: () => {},
});
process.on('message', async (call: TrackerCall) => {
  if ('wake' in call) await tracker.wake(call.wake);
  else await tracker.add(call.add, call.options);
  process.send?.(call.number);
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
