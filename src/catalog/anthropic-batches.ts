import {defineEntry} from '../protocol/define-entry.ts';
import type {Protocol} from '../protocol/protocol.ts';

/**
 * [Anthropic's message batches](https://docs.anthropic.com/en/api/creating-message-batches), started by a POST to
 * `/v1/messages/batches`. The result is the URL of the answers, JSON lines. A batch ends whatever came of its requests: one none of whose
 * requests succeeded has failed or, where they were canceled, is canceled. Checked against the package @anthropic-ai/sdk 1.14.0 on
 * 2026-11-27, not tried live.
 */
export const anthropicBatches: Protocol<string> = defineEntry<string>({
  name: 'anthropic.batches',
  status: [],
  words: {},
  read: ({httpStatus, body}) => {
    if (httpStatus >= 400) return undefined;
    const {processing_status: word, request_counts: counts} = Object(body);
    if (typeof word !== 'string') return undefined;
    if (word !== 'ended') return {status: 'running', rawStatus: word};
    const {succeeded, errored, expired, canceled} = Object(counts);
    if (succeeded > 0) return {status: 'succeeded', rawStatus: word};
    if (errored > 0 || expired > 0) {
      return {status: 'failed', rawStatus: word, error: {code: errored > 0 ? 'errored' : 'expired'}};
    }
    return {status: canceled > 0 ? 'canceled' : 'succeeded', rawStatus: word};
  },
  authorization: {header: 'X-Api-Key'},
  requestHeaders: {'anthropic-version': '2026-10-21'},
  pollHeaders: {'anthropic-version': '2026-10-21'},
  start: 'resource',
  locationHeaders: [],
  createdDateTime: '/created_at',
  lastActionDateTime: '/ended_at',
  result: '/results_url',
  resultLocation: [],
  cancel: {method: 'POST', suffix: '/cancel'},
  totalTimeout: 24 * 3_600_000,
});
