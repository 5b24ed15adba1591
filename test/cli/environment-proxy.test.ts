import http from 'node:http';
import {afterEach, expect, jest, test} from '@jest/globals';
import {useEnvironmentProxy} from '../../src/cli/environment-proxy.ts';
import {startServer} from '../support/behaviours.ts';
import {fakeShell, run} from './shells.ts';

// Not in every version of Node that the tests run on.
const original = Object.getOwnPropertyDescriptor(http, 'setGlobalProxyFromEnv');
const set = (value: unknown): boolean =>
  Reflect.defineProperty(http, 'setGlobalProxyFromEnv', {value, configurable: true, writable: true});

afterEach(() => {
  if (original === undefined) Reflect.deleteProperty(http, 'setGlobalProxyFromEnv');
  else Object.defineProperty(http, 'setGlobalProxyFromEnv', original);
});

test.each([
  [{HTTPS_PROXY: 'http://proxy:1'}, 'localhost,127.0.0.1,[::1]'],
  [{http_proxy: 'http://proxy:1', NO_PROXY: 'a.example'}, 'a.example,localhost,127.0.0.1,[::1]'],
])('%j is handed to Node, which goes directly to this machine', (env, direct) => {
  const setProxy = jest.fn();
  set(setProxy);
  const shell = fakeShell({env});
  useEnvironmentProxy(shell);
  expect(setProxy.mock.calls).toEqual([[{...env, no_proxy: direct}]]);
  expect(shell.written().stderr).toBe('');
});

test('nothing happens without a proxy', () => {
  const setProxy = jest.fn();
  set(setProxy);
  useEnvironmentProxy(fakeShell({env: {HTTPS_PROXY: '', NO_PROXY: '*'}}));
  expect(setProxy).not.toHaveBeenCalled();
});

test('a Node that cannot be asked is named, once, and the watch goes on', async () => {
  set(undefined);
  const {root} = await startServer((_, response) => response.end('{"id": "a", "status": "succeeded"}'));
  const {exitCode, stderr} = await run(['watch', `${root}/1`], {env: {HTTPS_PROXY: 'http://proxy:1'}});
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(
    /^operation-poller: HTTPS_PROXY is set, but Node \S+ uses it (only with|from) [^\n]+\nsucceeded/,
  );
  const other = fakeShell({env: {HTTPS_PROXY: 'http://proxy:1'}});
  expect((await run(['protocols'], {env: other.env})).stderr).toBe('');
});
