import type {ProtocolFields} from '../protocol.ts';
import {pollHeaders} from './poll-headers.ts';

/**
 * Exporting a partner's billing data: an
 * [`operation`](https://learn.microsoft.com/graph/api/resources/partners-billing-operation) of
 * `microsoft.graph.partners.billing`. The location of the manifest is an OData link.
 */
export const partnerBilling: ProtocolFields = {
  name: 'graph.partnerBilling',
  status: '/status',
  words: {
    notStarted: 'notStarted',
    running: 'running',
    succeeded: 'succeeded',
    completed: 'succeeded',
    failed: 'failed',
  },
  resourceLocation: ['/resourceLocation@odata.navigationLink', '/resourceLocation'],
  locationHeaders: ['location', 'operation-location'],
  pathsUnderRoot: true,
  pollHeaders,
};
