import {likeLongRunning} from '../long-running.ts';
import type {ProtocolFields} from '../protocol.ts';

/**
 * [Authentication operations](https://learn.microsoft.com/graph/api/longrunningoperation-get), the password reset among
 * them: a [`longRunningOperation`](https://learn.microsoft.com/graph/api/resources/longrunningoperation) at a
 * `Location` whose query carries routing.
 */
export const authentication: ProtocolFields = likeLongRunning({
  name: 'graph.authentication',
  pathsUnderRoot: true,
});
