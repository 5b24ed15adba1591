import type {ProtocolFields} from '../protocol.ts';
import {pollHeaders} from './poll-headers.ts';

/**
 * Universal Print, e.g. registering a printer: a
 * [`printOperation`](https://learn.microsoft.com/graph/api/resources/printoperation), whose status is an object. The
 * result is the operation itself, which contains the `printer` and the `certificate`.
 */
export const print: ProtocolFields = {
  name: 'graph.print',
  status: '/status/state',
  words: {notStarted: 'notStarted', running: 'running', succeeded: 'succeeded', failed: 'failed'},
  statusDetail: '/status/description',
  result: '',
  locationHeaders: ['operation-location', 'location'],
  pathsUnderRoot: true,
  pollHeaders,
};
