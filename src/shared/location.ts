import {printable} from './printable.ts';

const hasBytesAlone = /^[\0-\x7f]*[\x80-\xff][\0-\xff]*$/;
const utf8 = /* @__PURE__ */ new TextDecoder('utf-8', {fatal: true});

/**
 * A location with the UTF-8 in it decoded. Some services send it in a header unescaped, and `fetch` gives each of its bytes as
 * a character of its own; browsers follow such a redirect to the UTF-8 address.
 */
export function decodeLocation(text: string): string {
  if (!hasBytesAlone.test(text)) return text;
  try {
    return decodeUtf8(text);
  } catch {
    return text; // not UTF-8, so these were no bytes
  }
}

/** The text whose bytes in UTF-8 are the characters of a string. @throws TypeError where they are not UTF-8 */
export function decodeUtf8(bytes: string): string {
  return utf8.decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
}

/** Reads an absolute http or https URL without user name and password; `undefined` for anything else. */
export function readLocation(given: unknown, base?: string): URL | undefined {
  if (typeof given !== 'string') return undefined;
  try {
    const url = new URL(locationIn(given), base);
    return /^https?:$/.test(url.protocol) && url.username + url.password === '' ? url : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is an absolute http or https URL without user name and password. */
export function isLocation(value: unknown): value is string {
  return typeof value === 'string' && readLocation(value) !== undefined;
}

/** The origin and the path of a URL, without slashes at its end. */
export function withoutSlashes({origin, pathname}: URL): string {
  // A service may send any number of slashes: each is looked at once, since the pattern matches at the first of them alone.
  return origin + pathname.replace(/(?<!\/)\/+$/, '');
}

/**
 * The location that a header gives. Of one that a gateway has repeated, `fetch` gives both values: where they are the same, they are one
 * location.
 */
export function locationIn(header: string): string {
  const text = decodeLocation(header);
  const once = text.slice(0, text.length / 2 - 1);
  return once !== '' && text === `${once}, ${once}` ? once : text;
}

// Not `x.localhost`: the system may ask DNS for it.
const secureOrLoopback = /^https:|^http:\/\/(?:localhost|\[::1\]|127(?:\.\d{1,3}){3})(?::\d+)?$/;

/** Whether a request to this origin cannot be read on its way: it goes over https, or does not leave the machine. */
export function isSecureOrLoopback(origin: string): boolean {
  return secureOrLoopback.test(origin);
}

/** @param secret what goes there @throws TypeError where it could be read on its way, see {@link isSecureOrLoopback} */
export function checkIsSecure(name: string, url: URL, secret?: string): void {
  if (!isSecureOrLoopback(url.origin)) throw new TypeError(printable(`${name}: ${whyInsecure(url, secret)}`));
}

/** Why a URL is refused: a secret would go there and could be read on its way. */
export function whyInsecure(url: URL, secret = 'a token'): string {
  return `expected https, or http on this machine, because ${secret} goes there; got ${url.origin}`;
}

/** Whether a location, an absolute URL, is on an origin. The common case does not parse it. */
export function hasOrigin(location: string, origin: string): boolean {
  // This happens at each poll, and `startsWith` takes three times as long.
  const isPlain = location.indexOf(origin) === 0 && location.charAt(origin.length) === '/';
  return isPlain || new URL(location).origin === origin;
}

/**
 * A location as events, errors and logs may show it: unchanged on the origin that the token belongs to, without its query
 * anywhere else, where a signed query may be all it takes to read the operation.
 */
export function redactLocation(location: string, tokenOrigin: string): string {
  const url = new URL(location);
  return url.origin === tokenOrigin ? location : url.origin + url.pathname;
}

/** What an operation was added by, as events, errors and logs may show it: a location as {@link redactLocation} has it. */
export function redactKey(key: string, tokenOrigin: string): string {
  const url = readLocation(key);
  return url === undefined || url.origin === tokenOrigin ? key : url.origin + url.pathname;
}
