import type {WatchState} from '../operation/state.ts';
import {decideResultLocation} from '../protocol/result-location.ts';
import {describeValue, expected} from '../shared/check-options.ts';
import {
  checkIsSecure,
  hasOrigin,
  isSecureOrLoopback,
  locationIn,
  readLocation,
  redactLocation,
} from '../shared/location.ts';
import {sharedText} from '../shared/shared-text.ts';
import type {Settings} from './settings.ts';

const noWords: readonly string[] = /* @__PURE__ */ Object.freeze([]);

/**
 * The state of an operation before its first poll.
 *
 * @param takes what a location may be, for the error. Default an absolute http or https URL
 * @throws TypeError when the location is not an absolute http or https URL, or when a token would be sent there unencrypted
 */
export function firstState(location: string | URL, settings: Settings, now: number, takes?: string): WatchState {
  const {text, url} = checkLocation(location, settings, takes);
  const {sendsToken} = settings.reader;
  return {
    location: text,
    redactedLocation: sendsToken ? text : redactLocation(text, ''),
    tokenOrigin: sendsToken ? shared(url.origin) : '',
    protocol: settings.reader.protocol.name,
    startedAt: now,
    dueAt: now + settings.initialDelay,
    notBefore: undefined,
    deadlineAt: settings.totalTimeout === false ? undefined : now + settings.totalTimeout,
    attempt: 0,
    failures: 0,
    deferredAttempts: 0,
    missingSince: undefined,
    operation: undefined,
    highestStatus: undefined,
    unknownWords: noWords,
    observed: {},
    changedAt: now,
    lastSeenAt: undefined,
    stalled: false,
    resultLocation: decideResultLocation(text, settings),
    endedAt: undefined,
    answer: undefined,
    abandoned: undefined,
  };
}

const shared = /* @__PURE__ */ sharedText();

/** A location that the caller gave, checked; see {@link firstState}. */
function checkLocation(
  location: unknown,
  settings: Pick<Settings, 'token' | 'reader'>,
  takes = 'an absolute http or https URL',
): {readonly text: string; readonly url: URL} {
  const given = location instanceof URL ? location.href : location;
  if (typeof given !== 'string') throw expected('location', takes, describeValue(given));
  const text = locationIn(given);
  const url = readLocation(text);
  if (url === undefined) {
    // Not the whole string: a location can hold a password or a signature.
    const scheme = /^[a-z][a-z\d+.-]*:/i.exec(text)?.[0];
    const withoutScheme = text === '' ? 'an empty string' : 'a string without a scheme';
    const got = scheme === undefined ? withoutScheme : `one that begins with ${scheme}`;
    throw expected('location', `${takes} without user name and password`, got);
  }
  if (exposesToken(url, settings)) checkIsSecure('location', url);
  return {text, url};
}

/**
 * Whether an operation is where no token goes, although its protocol needs one: its start led there, or whoever watched it trusted
 * that origin.
 */
export function isOnForeignOrigin(
  {location, tokenOrigin}: Pick<WatchState, 'location' | 'tokenOrigin'>,
  {reader, trustedOrigins}: Pick<Settings, 'reader' | 'trustedOrigins'>,
): boolean {
  if (!reader.sendsToken || reader.foreignHosts || hasOrigin(location, tokenOrigin)) return false;
  return !trustedOrigins.has(new URL(location).origin);
}

/** Whether a token would go to a URL that others can read on its way. */
export function exposesToken(url: URL, {token, reader}: Pick<Settings, 'token' | 'reader'>): boolean {
  return token !== undefined && reader.sendsToken && !isSecureOrLoopback(url.origin);
}
