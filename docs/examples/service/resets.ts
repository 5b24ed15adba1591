// The watch on the tracker: resets are kept in a folder, watched on after a restart, and each end is handed over.
import {fileStore} from 'operation-poller/node';
import {instrument} from 'operation-poller/opentelemetry';
import {createOperationTracker} from 'operation-poller/tracker';
import type {OpenResets, Reset} from './service.ts';

export const openResets: OpenResets = async ({place, ...options}) => {
  const tracker = await createOperationTracker<Reset>({store: fileStore(place), ...options});
  instrument(tracker);
  return tracker;
};
