import {defineEntry} from '../protocol/define-entry.ts';
import type {Protocol} from '../protocol/protocol.ts';

/**
 * [Replicate's predictions](https://replicate.com/docs/reference/http), started by a POST to `/v1/predictions`; trainings are the same.
 * Checked against the package replicate 1.4.0 on 2026-11-27, not tried live.
 */
export const replicatePredictions: Protocol = defineEntry({
  name: 'replicate.predictions',
  status: '/status',
  words: {
    starting: 'notStarted',
    processing: 'running',
    succeeded: 'succeeded',
    failed: 'failed',
    canceled: 'canceled',
    aborted: 'canceled',
  },
  start: '/urls/get',
  locationHeaders: [],
  createdDateTime: '/created_at',
  lastActionDateTime: ['/completed_at', '/started_at'],
  result: '/output',
  resultLocation: [],
  cancel: {method: 'POST', at: '/urls/cancel'},
});
