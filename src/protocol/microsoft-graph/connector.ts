import type {ProtocolFields} from '../protocol.ts';
import {pollHeaders} from './poll-headers.ts';

/**
 * The schema of a Copilot connector: a
 * [`connectionOperation`](https://learn.microsoft.com/graph/api/resources/externalconnectors-connectionoperation). It
 * takes [5 to 15 minutes](https://learn.microsoft.com/graph/api/externalconnectors-externalconnection-patch-schema), so
 * it is watched for up to half an hour.
 */
export const connector: ProtocolFields = {
  name: 'graph.connector',
  status: '/status',
  words: {unspecified: 'notStarted', inprogress: 'running', completed: 'succeeded', failed: 'failed'},
  requestHeaders: {prefer: 'respond-async'},
  locationHeaders: ['location', 'operation-location'],
  pathsUnderRoot: true,
  pollHeaders,
  minimumInterval: 60_000,
  totalTimeout: 1_800_000,
};
