import type {ProtocolFields} from '../protocol.ts';
import {pollHeaders} from './poll-headers.ts';

/**
 * OneNote, e.g. copying a notebook: a
 * [`onenoteOperation`](https://learn.microsoft.com/graph/api/resources/onenoteoperation). OneNote allows [400 requests
 * per hour and user](https://learn.microsoft.com/graph/throttling-limits#onenote-service-limits), so it is polled at most
 * once every 10 seconds.
 */
export const onenote: ProtocolFields = {
  name: 'graph.onenote',
  status: '/status',
  words: {notStarted: 'notStarted', running: 'running', completed: 'succeeded', failed: 'failed'},
  percentComplete: '/percentComplete',
  error: ['/error', '/@api.diagnostics'],
  locationHeaders: ['operation-location', 'location'],
  pathsUnderRoot: true,
  pollHeaders,
  minimumInterval: 10_000,
};
