import {defineEntry} from '../protocol/define-entry.ts';
import type {Protocol} from '../protocol/protocol.ts';

/**
 * [fal's queue](https://docs.fal.ai/model-endpoints/queue), started by a POST to a model at `https://queue.fal.run`. A request that
 * failed is completed and has an error. Checked against the package @fal-ai/client 1.10.1 and that page on 2026-11-27, not tried live.
 */
export const falQueue: Protocol = defineEntry({
  name: 'fal.queue',
  status: '/status',
  words: {IN_QUEUE: 'notStarted', IN_PROGRESS: 'running', COMPLETED: 'succeeded'},
  errorMeansFailed: true,
  errorCode: '/error_type',
  errorMessage: '/error',
  authorization: {header: 'Authorization', scheme: 'Key'},
  start: '/status_url',
  locationHeaders: [],
  id: '/request_id',
  resourceLocation: '/response_url',
  cancel: {method: 'PUT', at: '/cancel_url'},
});
