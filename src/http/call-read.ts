import {ownProperty} from '../protocol/pointer.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {deepFreeze, isRecord} from '../shared/json.ts';
import {redact, redactJson} from './redact.ts';
import type {ServiceResponse} from './service-response.ts';

/**
 * Calls a protocol's `read` with a response, and returns what it gives as JSON without secrets. `read` gets a body whose URLs still
 * work, and a URL that it returns as `resourceLocation` stays as it is.
 */
export function callRead(
  read: NonNullable<Protocol['read']>,
  {
    status,
    headers,
    links,
    secrets,
    credentials,
  }: Pick<ServiceResponse, 'status' | 'headers' | 'links' | 'secrets' | 'credentials'>,
): unknown {
  deepFreeze(links);
  const shown = new Headers();
  for (const [name, value] of headers.entries()) {
    try {
      shown.append(name, redact(value, credentials, value.length));
    } catch {
      // Without its escapes, or in a batch, it may contain what no header can: it is left out.
    }
  }
  const given: unknown = read({httpStatus: status, headers: shown, body: links});
  Promise.resolve(given).catch(() => {}); // A promise has no status, and nobody waits for it.
  if (given === undefined) return undefined;
  const json: unknown = redactJson(JSON.parse(JSON.stringify(given)), credentials);
  const clean = redactJson(json, secrets);
  const resourceLocation = ownProperty(json, 'resourceLocation');
  return resourceLocation === undefined || !isRecord(clean) ? clean : {...clean, resourceLocation};
}
