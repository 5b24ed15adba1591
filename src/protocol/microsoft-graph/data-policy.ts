import type {ProtocolFields} from '../protocol.ts';
import {pollHeaders} from './poll-headers.ts';

/**
 * Exporting a user's personal data: a
 * [`dataPolicyOperation`](https://learn.microsoft.com/graph/api/resources/datapolicyoperation). The result is where the
 * data was stored: the URL that the caller provided, whose signature is a secret.
 */
export const dataPolicy: ProtocolFields = {
  name: 'graph.dataPolicy',
  status: '/status',
  words: {notStarted: 'notStarted', running: 'running', complete: 'succeeded', failed: 'failed'},
  createdDateTime: '/submittedDateTime',
  lastActionDateTime: '/completedDateTime',
  percentComplete: '/progress',
  result: '/storageLocation',
  locationHeaders: ['location', 'operation-location'],
  pathsUnderRoot: true,
  pollHeaders,
};
