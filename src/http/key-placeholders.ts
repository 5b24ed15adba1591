import {PollError} from '../operation/poll-error.ts';
import {isOver, type WatchState} from '../operation/state.ts';
import {hasOrigin} from '../shared/location.ts';
import {printable} from '../shared/printable.ts';
import {minSecretLength} from './redact.ts';
import {changedHeaders, changingResponses, type Transport, type TransportResponse} from './transport.ts';

/** What stands for the keys among a client's headers wherever a URL is kept, so that no key is stored. */
export interface KeyPlaceholders {
  /** The names of the headers that have one. */
  readonly headers: ReadonlySet<string>;
  /** Each form that a URL may contain a key in, with its placeholder. */
  readonly byKey: ReadonlyMap<string, string>;
  /** Each placeholder, as it is and percent-encoded, with what it stands for. */
  readonly byPlaceholder: ReadonlyMap<string, string>;
}

/** For what has no keys. */
export const noKeys: KeyPlaceholders = {headers: new Set(), byKey: new Map(), byPlaceholder: new Map()};

/** A header's placeholder, percent-encoded or not. */
const anyPlaceholder = /(?:\[|%5b)value-of-([\w.-]+?)(?:\]|%5d)/i;

/**
 * Makes the placeholders for headers that hold keys. A number has none, since it could be one in a body; nor has what is part of the
 * root.
 *
 * @param headers their names are in lower case
 */
export function keyPlaceholders(headers: Readonly<Record<string, string>>, root: string): KeyPlaceholders {
  const names = new Set<string>();
  const byKey = new Map<string, string>();
  const byPlaceholder = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    const key = value.trim();
    const isUsable = /^[\w.-]+$/.test(name) && key.length >= minSecretLength;
    if (!isUsable || !Number.isNaN(Number(key)) || root.includes(key)) continue;
    const placeholder = `[value-of-${name}]`;
    const encodedPlaceholder = encodeURIComponent(placeholder);
    const encodedKey = encodeURIComponent(key);
    names.add(name);
    byKey.set(encodedKey, encodedPlaceholder);
    byKey.set(
      encodedKey.replace(/%../g, (each) => each.toLowerCase()),
      encodedPlaceholder,
    );
    byKey.set(key.replaceAll('/', '\\/'), placeholder); // as some write it in JSON
    byKey.set(key, placeholder); // the last one wins where nothing of a key has to be encoded
    byPlaceholder.set(placeholder, key);
    byPlaceholder.set(encodedPlaceholder, encodedKey);
  }
  return {headers: names, byKey, byPlaceholder};
}

/** A URL, a header or a body with a placeholder for each key, or with the key of each placeholder. */
export function replaceEach(text: string, replacements: ReadonlyMap<string, string>): string {
  let replaced = text;
  for (const [from, to] of replacements) if (replaced.includes(from)) replaced = replaced.replaceAll(from, () => to);
  return replaced;
}

/** A state without keys in the URLs that it keeps. */
export function withoutKeys(state: WatchState, keys: KeyPlaceholders): WatchState {
  if (keys.headers.size === 0) return state;
  const location = replaceEach(state.location, keys.byKey);
  const resultLocation = state.resultLocation && replaceEach(state.resultLocation, keys.byKey);
  const isUnchanged = location === state.location && resultLocation === state.resultLocation;
  return isUnchanged ? state : {...state, location, resultLocation};
}

/** Why a watch cannot be resumed: the header whose value is left out of its URLs, where it is none of these. */
export function whyKeyIsMissing(state: WatchState, {headers}: KeyPlaceholders = noKeys): string | undefined {
  // What is over is not requested again.
  for (const url of [isOver(state) ? '' : state.location, state.resultLocation ?? '']) {
    const name = anyPlaceholder.exec(url)?.[1];
    if (name !== undefined && !headers.has(name)) {
      return `expected ${name} among the client's headers, because a URL of the resume token contains its value`;
    }
  }
  return undefined;
}

/** @throws TypeError where a watch cannot be resumed with these keys */
export function checkKeys(state: WatchState, keys?: KeyPlaceholders): void {
  const why = whyKeyIsMissing(state, keys);
  if (why !== undefined) throw new TypeError(printable(`headers: ${why}`));
}

/**
 * A transport that takes URLs with placeholders, and gives responses with them. A key goes to the client's origin alone, which gets
 * it in a header anyway.
 */
export function withKeyPlaceholders(transport: Transport, origin: string, keys: KeyPlaceholders): Transport {
  if (keys.headers.size === 0) return transport;
  const hiding = changingResponses(transport, (response) => ({
    ...response,
    headers: changedHeaders(response.headers, (value) => replaceEach(value, keys.byKey)),
    body: hideInBody(response.body, keys),
  }));
  return async (location, request) => {
    const url = hasOrigin(location, origin) ? replaceEach(location, keys.byPlaceholder) : location;
    if (anyPlaceholder.test(url)) throw keyNotSent();
    return hiding(url, request);
  };
}

function hideInBody(body: TransportResponse['body'], keys: KeyPlaceholders): TransportResponse['body'] {
  if (body === undefined) return undefined;
  try {
    // A batch parses its responses itself.
    const text = 'text' in body ? body.text : JSON.stringify(body.json);
    const hidden = replaceEach(text, keys.byKey);
    return hidden === text ? body : {text: hidden};
  } catch {
    return body; // It is nested more deeply than the stack, and will not be kept.
  }
}

function keyNotSent(): PollError {
  const message = 'The URL contains a key that is sent to the origin of the client alone, so it is not requested';
  return new PollError(message, {kind: 'protocol', transient: false, ends: 'protocol'});
}
