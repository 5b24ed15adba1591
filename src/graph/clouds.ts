import {describeValue} from '../shared/check-options.ts';
import {isSecureOrLoopback, readLocation} from '../shared/location.ts';
import {printable} from '../shared/printable.ts';

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
export function readRoot(cloud: GraphCloud | undefined, root: string | undefined): string {
  if (root === undefined) {
    const name = cloud ?? 'global';
    if (Object.hasOwn(cloudRoots, name)) return cloudRoots[name];
    throw new TypeError(`cloud: expected ${Object.keys(cloudRoots).join(', ')}, got ${describeValue(name)}`);
  }
  if (cloud !== undefined) throw new TypeError('root: expected either cloud or root, got both');
  const url = typeof root === 'string' ? readLocation(root) : undefined;
  if (url === undefined || url.pathname !== '/' || url.search !== '') {
    throw new TypeError(`root: expected an origin such as 'https://graph.microsoft.com', got ${describeValue(root)}`);
  }
  if (!isSecureOrLoopback(url))
    throw new TypeError(printable(`root: expected https, or http on this machine, got ${url.origin}`));
  return url.origin;
}
