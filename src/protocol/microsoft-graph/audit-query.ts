import type {ProtocolFields} from '../protocol.ts';
import {pollHeaders} from './poll-headers.ts';

/**
 * Searching the audit log: an
 * [`auditLogQuery`](https://learn.microsoft.com/graph/api/resources/security-auditlogquery), which is the resource that
 * the start creates. The result is the first page of its `records`. The
 * [documentation](https://learn.microsoft.com/graph/api/security-auditlogquery-get) shows the query both at the top
 * level and under `value`.
 */
export const auditQuery: ProtocolFields = {
  name: 'graph.auditQuery',
  status: ['/status', '/value/status'],
  words: {
    notStarted: 'notStarted',
    running: 'running',
    succeeded: 'succeeded',
    failed: 'failed',
    cancelled: 'canceled',
  },
  id: ['/id', '/value/id'],
  resultLocation: {suffix: '/records'},
  start: 'resource',
  pathsUnderRoot: true,
  pollHeaders,
};
