import type {ProtocolFields} from '../protocol.ts';
import {pollHeaders} from './poll-headers.ts';

/**
 * Teams, e.g. creating, cloning or archiving a team: a
 * [`teamsAsyncOperation`](https://learn.microsoft.com/graph/api/resources/teamsasyncoperation), to be polled at most
 * once every 30 seconds. Its `Location` is a path without the version. `attemptsCount`, in `raw`, counts the service's
 * attempts; it is not a percentage.
 */
export const teams: ProtocolFields = {
  name: 'graph.teams',
  status: '/status',
  words: {
    notStarted: 'notStarted',
    inProgress: 'running',
    succeeded: 'succeeded',
    failed: 'failed',
    invalid: 'failed',
  },
  resourceLocation: '/targetResourceLocation',
  locationHeaders: ['location', 'operation-location'],
  pathsUnderRoot: true,
  pollHeaders,
  minimumInterval: 30_000,
};
