import {defineProtocol, type Protocol} from './protocol.ts';

/**
 * Google's long-running operations, [AIP-151](https://google.aip.dev/151): a
 * [`google.longrunning.Operation`](https://github.com/googleapis/googleapis/blob/master/google/longrunning/operations.proto)
 * in place of a status word has `done`, which is left out when it is false, and then either `error` or `response`. An
 * operation that was canceled ends with an error whose code is 1.
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
