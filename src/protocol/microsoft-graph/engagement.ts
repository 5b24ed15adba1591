import {likeLongRunning} from '../long-running.ts';
import type {ProtocolFields} from '../protocol.ts';

/**
 * Viva Engage, e.g. creating a community: an
 * [`engagementAsyncOperation`](https://learn.microsoft.com/graph/api/resources/engagementasyncoperation), to be
 * polled at most once every 30 seconds.
 */
export const engagement: ProtocolFields = likeLongRunning({
  name: 'graph.engagement',
  pathsUnderRoot: true,
  locationHeaders: ['operation-location', 'location'],
  minimumInterval: 30_000,
});
