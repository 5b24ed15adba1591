import {defineEntry} from '../protocol/define-entry.ts';
import type {Protocol} from '../protocol/protocol.ts';

/**
 * [OpenAI's batches](https://platform.openai.com/docs/api-reference/batch), started by a POST to `/batches`. The result is the id of
 * the file with the answers, JSON lines. Checked against the package openai 6.49.0 on 2026-11-27, not tried live.
 */
export const openaiBatches: Protocol<string> = defineEntry<string>({
  name: 'openai.batches',
  status: '/status',
  words: {
    validating: 'notStarted',
    in_progress: 'running',
    finalizing: 'running',
    cancelling: 'running',
    completed: 'succeeded',
    failed: 'failed',
    expired: 'failed',
    cancelled: 'canceled',
  },
  start: 'resource',
  locationHeaders: [],
  createdDateTime: '/created_at',
  lastActionDateTime: [
    '/completed_at',
    '/failed_at',
    '/expired_at',
    '/cancelled_at',
    '/finalizing_at',
    '/in_progress_at',
  ],
  result: '/output_file_id',
  resultLocation: [],
  errorCode: '/errors/data/0/code',
  errorMessage: '/errors/data/0/message',
  cancel: {method: 'POST', suffix: '/cancel'},
  totalTimeout: 24 * 3_600_000,
});
