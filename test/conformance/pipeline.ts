import type {Scenario} from './scenario.ts';

/** How long a scenario may take, milliseconds. */
export const limit = 10_000;

/**
 * What Azure's SDKs do with each request of an operation, whatever polls it: the API's version is added, and cookies, by
 * which the autorest test server tells its clients apart, are sent back.
 */
export function createPipeline({apiVersion}: Scenario): typeof fetch {
  const cookies = new Map<string, string>();
  return async (input, init) => {
    const given = new Request(input, init);
    const url = new URL(given.url);
    if (apiVersion !== undefined) url.searchParams.set('api-version', apiVersion);
    const body = given.body === null ? null : await given.arrayBuffer();
    const {method, headers, redirect, signal} = given;
    if (cookies.size > 0) headers.set('cookie', [...cookies].map((pair) => pair.join('=')).join('; '));
    const response = await fetch(url, {method, headers, redirect, signal, body});
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  };
}
