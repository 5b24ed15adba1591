import http from 'node:http';
import process from 'node:process';
import type {Shell} from './shell.ts';

const variables = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'] as const;

/** No proxy can reach what listens on this machine alone, such as the emulator. */
const loopback = 'localhost,127.0.0.1,[::1]';

/**
 * Makes requests use the proxies of `HTTPS_PROXY` and `HTTP_PROXY`, except where `NO_PROXY` says otherwise, as other commands do.
 * Node's `fetch` does so by itself with `NODE_USE_ENV_PROXY=1` alone, from 22.21 on; from 24.14 on, a program can ask for it.
 */
export function useEnvironmentProxy({env, stderr}: Pick<Shell, 'env' | 'stderr'>): void {
  const variable = variables.find((name) => env[name] !== undefined && env[name] !== '');
  if (variable === undefined) return;
  const isSupported = process.allowedNodeEnvironmentFlags.has('--use-env-proxy');
  if (isSupported && (env['NODE_USE_ENV_PROXY'] === '1' || process.execArgv.includes('--use-env-proxy'))) return;
  const setProxy: unknown = Reflect.get(http, 'setGlobalProxyFromEnv');
  if (typeof setProxy === 'function') {
    const direct = env['no_proxy'] ?? env['NO_PROXY'] ?? '';
    setProxy({...env, no_proxy: direct === '' ? loopback : `${direct},${loopback}`});
    return;
  }
  const needed = isSupported ? 'only with NODE_USE_ENV_PROXY=1' : 'from version 24.14 on';
  stderr.write(`operation-poller: ${variable} is set, but Node ${process.versions.node} uses it ${needed}\n`);
}
