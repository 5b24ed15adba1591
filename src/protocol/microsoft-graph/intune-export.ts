import type {ProtocolFields} from '../protocol.ts';
import {pollHeaders} from './poll-headers.ts';

/**
 * Exporting an Intune report: a
 * [`deviceManagementExportJob`](https://learn.microsoft.com/graph/api/resources/intune-reporting-devicemanagementexportjob),
 * which is the resource that the start creates. The result is the URL of the report, which is downloaded without a token.
 */
export const intuneExport: ProtocolFields = {
  name: 'graph.intuneExport',
  status: '/status',
  words: {
    notStarted: 'notStarted',
    inProgress: 'running',
    unknown: 'running',
    completed: 'succeeded',
    failed: 'failed',
  },
  createdDateTime: '/requestDateTime',
  result: '/url',
  start: 'resource',
  pathsUnderRoot: true,
  pollHeaders,
};
