import {defineEntry} from '../protocol/define-entry.ts';
import type {Protocol} from '../protocol/protocol.ts';

/**
 * [Snowflake's SQL API](https://docs.snowflake.com/developer-guide/sql-api/reference), started by a POST to `/api/v2/statements`: the HTTP
 * status says how a statement is, and the result is the body. For a token that is not OAuth's, add the header
 * `X-Snowflake-Authorization-Token-Type` to `requestHeaders` and `pollHeaders`. Checked against that page on 2026-11-27, not tried live.
 */
export const snowflakeStatements: Protocol = defineEntry({
  name: 'snowflake.statements',
  // There is no word: the HTTP status is all.
  status: '/status',
  words: {},
  httpStatuses: {202: 'running', 200: 'succeeded', 422: 'failed', 408: 'canceled'},
  start: '/statementStatusUrl',
  locationHeaders: [],
  id: '/statementHandle',
  createdDateTime: '/createdOn',
  result: '',
  resultLocation: [],
  errorCode: '/code',
  errorMessage: '/message',
  cancel: {method: 'POST', template: '/api/v2/statements/{/statementHandle}/cancel'},
});
