import {readRoot} from '../client/root.ts';
import {describeValue, expected} from '../shared/check-options.ts';

/** Microsoft's national clouds, as Graph's documentation counts them; GCC is `global`, GCC High `usGovL4`, DoD `usGovL5`. */
export type GraphCloud = 'global' | 'usGovL4' | 'usGovL5' | 'china';

/**
 * The Graph root of each cloud ([national cloud
 * deployments](https://learn.microsoft.com/graph/deployments#microsoft-graph-and-graph-explorer-service-root-endpoints)).
 */
export const cloudRoots: Readonly<Record<GraphCloud, string>> = {
  global: 'https://graph.microsoft.com',
  usGovL4: 'https://graph.microsoft.us',
  usGovL5: 'https://dod-graph.microsoft.us',
  china: 'https://microsoftgraph.chinacloudapi.cn',
};

/**
 * The origin that requests go to.
 *
 * @throws TypeError when the cloud is unknown, when the root is not an origin to which a token may be sent, or when both are given
 */
export function readOrigin(cloud: GraphCloud | undefined, root: string | undefined): string {
  if (root === undefined) {
    const name = cloud ?? 'global';
    if (Object.hasOwn(cloudRoots, name)) return cloudRoots[name];
    throw expected('cloud', Object.keys(cloudRoots).join(', '), describeValue(name));
  }
  if (cloud !== undefined) throw expected('root', 'either cloud or root', 'both');
  const takes = "an origin such as 'https://graph.microsoft.com'";
  const {origin, base} = readRoot(root, true, takes);
  if (base !== origin) throw expected('root', takes, 'one with a path');
  return origin;
}
