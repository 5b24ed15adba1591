import {linksOf} from '../protocol/links.ts';
import {ownProperty} from '../protocol/pointer.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {deepFreeze, isRecord} from '../shared/json.ts';
import {type RequestSecrets, redact, redactJson} from './redact.ts';
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
    json,
    secrets,
    credentials,
  }: Pick<ServiceResponse, 'status' | 'headers' | 'json' | keyof RequestSecrets>,
): unknown {
  const body = linksOf(json);
  deepFreeze(body);
  const shown = new Headers();
  for (const [name, value] of headers.entries()) {
    try {
      shown.append(name, redact(value, credentials, value.length));
    } catch {
      // Without its escapes, or in a batch, it may contain what no header can: it is left out.
    }
  }
  const given: unknown = read({httpStatus: status, headers: shown, body});
  Promise.resolve(given).catch(() => {}); // A promise has no status, and nobody waits for it.
  if (given === undefined) return undefined;
  const found: unknown = redactJson(JSON.parse(JSON.stringify(given)), credentials);
  const clean = redactJson(found, secrets);
  const resourceLocation = ownProperty(found, 'resourceLocation');
  return resourceLocation === undefined || !isRecord(clean) ? clean : {...clean, resourceLocation};
}
