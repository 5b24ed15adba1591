import {defineEntry} from '../protocol/define-entry.ts';
import type {Protocol} from '../protocol/protocol.ts';

/**
 * [Runway's tasks](https://docs.dev.runwayml.com/api/), started by a POST to an endpoint such as `/v1/image_to_video`. The result is a list
 * of URLs. Their progress is left out: it goes from 0 to 1. Checked against the package @runwayml/sdk 4.20.1 on 2026-11-27, not tried
 * live.
 */
export const runwayTasks: Protocol<readonly string[]> = defineEntry<readonly string[]>({
  name: 'runway.tasks',
  status: '/status',
  words: {
    PENDING: 'notStarted',
    THROTTLED: 'notStarted',
    RUNNING: 'running',
    SUCCEEDED: 'succeeded',
    FAILED: 'failed',
    CANCELLED: 'canceled',
  },
  requestHeaders: {'x-runway-version': '2024-11-06'},
  pollHeaders: {'x-runway-version': '2024-11-06'},
  // The response to the start has an id and no status.
  start: {template: '/v1/tasks/{/id}'},
  locationHeaders: [],
  createdDateTime: '/createdAt',
  result: '/output',
  resultLocation: [],
  errorCode: '/failureCode',
  errorMessage: '/failure',
  cancel: {method: 'DELETE'},
});
