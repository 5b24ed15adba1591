import type {ProtocolFields} from '../protocol.ts';
import {pollHeaders} from './poll-headers.ts';

/**
 * Copying a drive item: an [`asyncJobStatus`](https://learn.microsoft.com/graph/api/resources/asyncjobstatus) at a
 * [monitor URL](https://learn.microsoft.com/graph/long-running-actions-overview) on another host, which answers
 * 401 to a request with a token. It ends with `completed`, even under HTTP 202, and the new item's id as the result; or
 * with HTTP 303, which leads to the item.
 */
export const driveCopy: ProtocolFields = {
  name: 'graph.driveCopy',
  status: '/status',
  words: {
    notStarted: 'notStarted',
    waiting: 'notStarted',
    inProgress: 'running',
    updating: 'running',
    deletePending: 'running',
    completed: 'succeeded',
    failed: 'failed',
    deleteFailed: 'failed',
  },
  seeOtherSucceeds: true,
  statusDetail: '/statusDescription',
  percentComplete: '/percentageComplete',
  result: '/resourceId',
  error: ['/error', '/errorCode'],
  locationHeaders: ['location'],
  pathsUnderRoot: true,
  pollHeaders,
  authorization: 'none',
  foreignHosts: true,
};
