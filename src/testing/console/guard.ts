import type {IncomingMessage} from 'node:http';

/**
 * Why a request may not reach the console, or `undefined` if it may. A hostile page in the developer's browser can send requests
 * here, and can make its own host name lead here.
 *
 * - Every request must name the emulator's own address as its host: a name that was rebound to it does not.
 * - What another site asks for is refused, but for the page itself, which a link may lead to.
 * - What moves an operation must come from the console's own page: browsers name the origin of every POST.
 */
export function refusalOf(
  {method, headers}: Pick<IncomingMessage, 'method' | 'headers'>,
  root: string,
): string | undefined {
  if (headers.host !== new URL(root).host) return `The console is at ${root}/console/ only.`;
  const site = headers['sec-fetch-site'];
  const elsewhere = site === 'cross-site' || site === 'same-site';
  if (elsewhere && headers['sec-fetch-mode'] !== 'navigate') return 'The console answers its own page only.';
  if (method === 'GET') return undefined;
  return headers.origin === root ? undefined : 'Only the page of the console can do this.';
}
