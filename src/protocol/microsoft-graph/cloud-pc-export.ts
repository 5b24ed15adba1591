import type {ProtocolFields} from '../protocol.ts';
import {pollHeaders} from './poll-headers.ts';

/**
 * Exporting a Cloud PC report: a
 * [`cloudPcExportJob`](https://learn.microsoft.com/graph/api/resources/cloudpcexportjob), which is the resource that
 * the start creates. The result is the URL of the report, which is downloaded without a token. The
 * [documentation](https://learn.microsoft.com/graph/api/cloudpcexportjob-get) shows the job both at the top level and
 * under `value`.
 */
export const cloudPcExport: ProtocolFields = {
  name: 'graph.cloudPcExport',
  status: ['/exportJobStatus', '/value/exportJobStatus'],
  words: {
    notStarted: 'notStarted',
    inProgress: 'running',
    completed: 'succeeded',
    failed: 'failed',
  },
  id: ['/id', '/value/id'],
  createdDateTime: ['/requestDateTime', '/value/requestDateTime'],
  result: ['/exportUrl', '/value/exportUrl'],
  start: 'resource',
  pathsUnderRoot: true,
  pollHeaders,
};
