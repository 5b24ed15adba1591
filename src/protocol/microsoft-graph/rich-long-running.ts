import {likeLongRunning} from '../long-running.ts';
import type {ProtocolFields} from '../protocol.ts';

/**
 * Operations on sites and lists: a
 * [`richLongRunningOperation`](https://learn.microsoft.com/graph/api/resources/richlongrunningoperation), which adds
 * progress and an error. The id of what it produced is `resourceId`, in `raw`.
 */
export const richLongRunning: ProtocolFields = likeLongRunning({
  name: 'graph.richLongRunning',
  pathsUnderRoot: true,
  percentComplete: '/percentageComplete',
});
