import type {Protocol} from '../protocol/protocol.ts';
import {redact, redactJson} from './redact.ts';
import type {ServiceResponse} from './service-response.ts';

/**
 * A function that calls a protocol's `read` with a response, and returns what it gives as JSON without secrets.
 *
 * @returns `undefined` where the protocol has none
 */
export function callRead(
  {read}: Protocol,
  {status, headers, json, secrets}: Pick<ServiceResponse, 'status' | 'headers' | 'json' | 'secrets'>,
): (() => unknown) | undefined {
  if (read === undefined) return undefined;
  return () => {
    const shown = new Headers();
    for (const [name, value] of headers.entries()) shown.append(name, redact(value, secrets, value.length));
    const given: unknown = read({httpStatus: status, headers: shown, body: json});
    if (given instanceof Promise) given.catch(() => {}); // It has no status, and nobody waits for it.
    return given === undefined ? undefined : redactJson(JSON.parse(JSON.stringify(given)), secrets);
  };
}
