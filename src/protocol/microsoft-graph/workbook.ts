import {likeLongRunning} from '../long-running.ts';
import type {ProtocolFields} from '../protocol.ts';

/**
 * Excel workbooks, e.g. creating a session: a
 * [`workbookOperation`](https://learn.microsoft.com/graph/api/resources/workbookoperation), to be polled [every 30
 * seconds to 4
 * minutes](https://learn.microsoft.com/graph/workbook-best-practice#poll-status-of-the-long-running-create-session).
 * Its `resourceLocation` is the URL of a function that returns the result. A 201 response to the start is the result
 * itself, and so is a 200.
 */
export const workbook: ProtocolFields = likeLongRunning({
  name: 'graph.workbook',
  pathsUnderRoot: true,
  // Not by spreading: bundlers would keep what is not used.
  words: {
    notStarted: 'notStarted',
    running: 'running',
    succeeded: 'succeeded',
    failed: 'failed',
    skipped: 'canceled',
    completed: 'succeeded',
  },
  requestHeaders: {prefer: 'respond-async'},
  createdMeansDone: true,
  bodyMeansDone: true,
  minimumInterval: 30_000,
  maximumInterval: 240_000,
});
