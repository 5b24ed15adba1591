import {defineEntry} from '../protocol/define-entry.ts';
import type {Protocol} from '../protocol/protocol.ts';

/**
 * [Stripe's report runs](https://docs.stripe.com/api/reporting/report_run), started by a POST to `/v1/reporting/report_runs`, whose body is a
 * form: start them with Stripe's client, and watch them here. The result is the file object; the error is a text. Checked against the
 * package stripe 23.1.0 on 2026-11-27, not tried live.
 */
export const stripeReportRuns: Protocol = defineEntry({
  name: 'stripe.reportRuns',
  status: '/status',
  words: {pending: 'running', succeeded: 'succeeded', failed: 'failed'},
  start: 'resource',
  locationHeaders: [],
  createdDateTime: '/created',
  lastActionDateTime: '/succeeded_at',
  result: '/result',
  resultLocation: [],
});
