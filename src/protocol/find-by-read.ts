import {isOperationStatus, type OperationStatus} from '../operation/operation.ts';
import {describeValue} from '../shared/check-options.ts';
import {describeError} from '../shared/describe-error.ts';
import {deepFreeze, isRecord, tooDeep} from '../shared/json.ts';
import {asString} from './as-text.ts';
import {linksOf} from './links.ts';
import {ownProperty} from './pointer.ts';
import type {ReadableAnswer} from './read.ts';

/** A response, and what must not be shown of it. */
export interface GuardedResponse {
  readonly status: number;
  readonly headers: {entries(): Iterable<[string, string]>};
  readonly json: unknown;
  readonly secrets: readonly string[];
  /** Those of them that no URL may contain either. */
  readonly credentials: readonly string[];
}

/** Removes secrets from a text. */
type Redact = (text: string, secrets: readonly string[], maxLength: number) => string;
/** Removes secrets from parsed JSON. */
type RedactJson = (json: unknown, secrets: readonly string[]) => unknown;

/** {@link findByRead} for one protocol. */
export type FindByRead = (response: GuardedResponse, redact: Redact, redactJson: RedactJson) => FoundOperation | string;

/** What is known of an operation before the rest is looked up in the body. By a `read`, it may have any of the other fields. */
export interface FoundOperation {
  readonly status: OperationStatus;
  readonly rawStatus: string;
  readonly error?: unknown;
  readonly resourceLocation?: unknown;
}

/**
 * The operation that a protocol's `read` finds in a response, as JSON without secrets; a text says why there is none. `read` gets a body
 * whose URLs still work, and a URL that it returns as `resourceLocation` stays as it is. Never throws.
 */
export function findByRead(
  read: (answer: ReadableAnswer) => unknown,
  {status: httpStatus, headers, json, secrets, credentials}: GuardedResponse,
  redact: Redact,
  redactJson: RedactJson,
): FoundOperation | string {
  if (!deepFreeze(json)) return tooDeep;
  let what = 'found none';
  try {
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
    const given = read({httpStatus, headers: shown, body});
    Promise.resolve(given).catch(() => {}); // A promise has no status, and nobody waits for it.
    if (given !== undefined) {
      const links = redactJson(JSON.parse(JSON.stringify(given)), credentials);
      const found = redactJson(links, secrets);
      const status = ownProperty(found, 'status');
      if (isRecord(found) && isOperationStatus(status)) {
        const rawStatus = asString(ownProperty(found, 'rawStatus')) ?? status;
        const resourceLocation = ownProperty(links, 'resourceLocation');
        return deepFreeze(found) ? {...found, status, rawStatus, resourceLocation} : tooDeep;
      }
      what = `gave the status ${describeValue(status)}`;
    }
  } catch (error) {
    what = `threw ${describeError(error)}`;
  }
  return `${json === undefined ? 'it is not JSON, and ' : ''}the function read ${what}`;
}
