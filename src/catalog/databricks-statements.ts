import {defineEntry} from '../protocol/define-entry.ts';
import type {Protocol} from '../protocol/protocol.ts';

/**
 * [Databricks' SQL statements](https://docs.databricks.com/api/workspace/statementexecution), started by a POST to
 * `/api/2.0/sql/statements`. Checked against the package @databricks/sdk-experimental on 2026-11-27, not tried live.
 */
export const databricksStatements: Protocol = defineEntry({
  name: 'databricks.statements',
  status: '/status/state',
  words: {
    PENDING: 'notStarted',
    RUNNING: 'running',
    SUCCEEDED: 'succeeded',
    CLOSED: 'succeeded',
    FAILED: 'failed',
    CANCELED: 'canceled',
  },
  start: 'resource',
  locationHeaders: [],
  id: '/statement_id',
  result: '/result',
  resultLocation: [],
  error: '/status/error',
  errorCode: '/status/error/error_code',
  cancel: {method: 'POST', suffix: '/cancel'},
});
