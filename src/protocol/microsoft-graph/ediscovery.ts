import type {ProtocolFields} from '../protocol.ts';
import {pollHeaders} from './poll-headers.ts';

/**
 * eDiscovery, e.g. estimating or exporting a search: a
 * [`caseOperation`](https://learn.microsoft.com/graph/api/resources/security-caseoperation). The result is the
 * operation itself, whose fields depend on its type. `partiallySucceeded` is a success with errors, described in
 * `resultInfo`.
 */
export const ediscovery: ProtocolFields = {
  name: 'graph.ediscovery',
  status: '/status',
  words: {
    notStarted: 'notStarted',
    running: 'running',
    succeeded: 'succeeded',
    partiallySucceeded: 'succeeded',
    failed: 'failed',
    submissionFailed: 'failed',
  },
  lastActionDateTime: '/completedDateTime',
  statusDetail: '/resultInfo/message',
  percentComplete: '/percentProgress',
  result: '',
  error: '/resultInfo',
  locationHeaders: ['location', 'operation-location'],
  pathsUnderRoot: true,
  pollHeaders,
};
