import {defineProtocol} from './define-protocol.ts';
import type {Protocol} from './protocol.ts';

/**
 * Google's long-running operations, [AIP-151](https://google.aip.dev/151): a
 * [`google.longrunning.Operation`](https://github.com/googleapis/googleapis/blob/master/google/longrunning/operations.proto)
 * has `done` instead of a status word, omitted while it is false, and then either `error` or `response`. A canceled
 * operation ends with an error whose code is 1.
 */
export const googleLongrunning: Protocol = defineProtocol({
  name: 'google.longrunning',
  status: '/done',
  words: {false: 'running', true: 'succeeded'},
  withoutStatus: 'running',
  errorMeansFailed: true,
  id: '/name',
  createdDateTime: ['/metadata/createTime', '/metadata/startTime'],
  lastActionDateTime: ['/metadata/endTime', '/metadata/updateTime', '/metadata/lastUpdateTime'],
  percentComplete: '/metadata/progressPercent',
  result: '/response',
  resultLocation: [],
  start: '/name',
  locationHeaders: [],
  cancel: {method: 'POST', suffix: ':cancel'},
});
