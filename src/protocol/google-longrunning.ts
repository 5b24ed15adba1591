import {definePreset} from './define-preset.ts';
import type {Protocol} from './protocol.ts';

/**
 * Google's long-running operations, [AIP-151](https://google.aip.dev/151): a
 * [`google.longrunning.Operation`](https://github.com/googleapis/googleapis/blob/master/google/longrunning/operations.proto)
 * has `done` instead of a status word, omitted while it is false, and then either `error` or `response`. Of the
 * [codes of an error](https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto), 0 is no error, and 1 is
 * that of a canceled operation. Several of Google's APIs [throttle with HTTP
 * 403](https://developers.google.com/workspace/drive/api/guides/handle-errors).
 */
export const googleLongrunning: Protocol = definePreset({
  name: 'google.longrunning',
  status: '/done',
  words: {false: 'running', true: 'succeeded'},
  withoutStatus: 'running',
  errorMeansFailed: true,
  errorCodes: {0: 'succeeded', 1: 'canceled'},
  throttlingCodes: ['rateLimitExceeded', 'userRateLimitExceeded', 'RATE_LIMIT_EXCEEDED', 'RESOURCE_EXHAUSTED'],
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
