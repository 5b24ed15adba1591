import {defineEntry} from '../protocol/define-entry.ts';
import type {Protocol} from '../protocol/protocol.ts';

/**
 * [RunPod's serverless jobs](https://docs.runpod.io/serverless/endpoints/operations), started by a POST to an endpoint's `/run`. Checked
 * against the package runpod-sdk 1.1.2 and that page on 2026-11-27, not tried live.
 */
export const runpodJobs: Protocol = defineEntry({
  name: 'runpod.jobs',
  status: '/status',
  words: {
    IN_QUEUE: 'notStarted',
    IN_PROGRESS: 'running',
    COMPLETED: 'succeeded',
    FAILED: 'failed',
    TIMED_OUT: 'failed',
    CANCELLED: 'canceled',
  },
  start: {template: 'status/{/id}'},
  locationHeaders: [],
  result: '/output',
  resultLocation: [],
  cancel: {method: 'POST', template: '../cancel/{/id}'},
});
