// A user's program in TypeScript, type-checked only: without the optional packages, whose types the declarations do not need.
import type {OperationPoller} from 'operation-poller';
import {fileStore, leanHttp} from 'operation-poller/node';
import {createOperationTracker} from 'operation-poller/tracker';

export async function track(poller: OperationPoller): Promise<void> {
  const tracker = await createOperationTracker({store: fileStore('operations'), http: leanHttp()});
  await tracker.add(poller);
  // @ts-expect-error a dispatcher dispatches
  leanHttp({dispatcher: {}});
}
