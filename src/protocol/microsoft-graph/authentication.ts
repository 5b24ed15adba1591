import {defineProtocol} from '../define-protocol.ts';
import {longRunning} from '../long-running.ts';
import type {Protocol} from '../protocol.ts';

/**
 * [Authentication operations](https://learn.microsoft.com/graph/api/longrunningoperation-get), the password reset among
 * them: a [`longRunningOperation`](https://learn.microsoft.com/graph/api/resources/longrunningoperation) at a
 * `Location` whose query carries routing.
 */
export const authentication: Protocol = defineProtocol({
  ...longRunning,
  name: 'graph.authentication',
  pathsUnderRoot: true,
});
