import {type Fields, isObject, isRecord} from '../shared/json.ts';
import {redactLocation} from '../shared/location.ts';

/** What a secret is replaced with. */
const replacement = '[token]';

const encodedReplacement = /* @__PURE__ */ encodeURIComponent(replacement);

const maxTextLength = 200;

/** What must not be shown: the tokens of a request, and the values of its client's own headers. */
export type Secrets = readonly string[];

/** A string from outside, shortened and without secrets, which a server may send back. */
export function redact(text: string, secrets: Secrets, maxLength: number = maxTextLength): string {
  return withoutSecrets(text, secrets).slice(0, maxLength);
}

/** A location as events, errors and logs may show it: without secrets, and without its query on another origin than the token's. */
export function redactUrl(
  location: string,
  tokenOrigin: string,
  secrets: Secrets,
  maxLength = Number.POSITIVE_INFINITY,
): string {
  return redact(redactLocation(location, tokenOrigin), secrets, maxLength);
}

/** Whether a URL is made of what quoted a secret in a body, and leads nowhere since that has been replaced. */
export function isRedacted(location: string): boolean {
  return location.includes(replacement) || location.includes(encodedReplacement);
}

// Shorter values are not treated as secrets: they occur inside ordinary words.
export const minSecretLength = 8;

/** Whether a string from outside contains a secret, as it is or escaped. */
export function containsSecret(text: string, secrets: Secrets): boolean {
  if (text.length < minSecretLength || secrets.length === 0) return false;
  if (containsLiterally(text, secrets)) return true;
  if (!mayBeEscaped(text)) return false;
  const {unescaped, leastLength} = unescapedOf(secrets);
  // Escapes only make a text longer.
  if (text.length < leastLength) return false;
  const plain = withoutEscapes(text);
  return plain !== text && containsLiterally(plain, unescaped);
}

interface UnescapedSecrets {
  readonly unescaped: Secrets;
  /** How long a text is at least that contains one of them, or one as it is. */
  readonly leastLength: number;
}

const unescapedSecrets = new WeakMap<Secrets, UnescapedSecrets>();

/** Secrets as they are found in a text without escapes: once for all the strings of a body. */
function unescapedOf(secrets: Secrets): UnescapedSecrets {
  const known = unescapedSecrets.get(secrets);
  if (known !== undefined) return known;
  const unescaped = secrets.map(unescapedSecret);
  const lengths = [...secrets, ...unescaped].map(({length}) => length).filter((length) => length >= minSecretLength);
  const made = {unescaped, leastLength: Math.min(...lengths)};
  unescapedSecrets.set(secrets, made);
  return made;
}

/**
 * Whether JSON that is still text may contain a secret, so that what was parsed has to be searched. A number may be one in other
 * words.
 */
export function textMayContainSecret(text: string, secrets: Secrets): boolean {
  return containsSecret(text, secrets) || secrets.some(isNumeric);
}

/** Parsed JSON without secrets, in strings, in numbers and in keys; the value itself where it does not contain any. */
export function redactJson(json: unknown, secrets: Secrets): unknown {
  if (!jsonContainsSecret(json, secrets)) return json;
  try {
    return copyWithoutSecrets(json, secrets);
  } catch {
    // It is nested more deeply than the stack: nothing could parse it, and it is not shown.
    return undefined;
  }
}

function copyWithoutSecrets(json: unknown, secrets: Secrets): unknown {
  if (typeof json === 'string') return withoutSecrets(json, secrets);
  if (typeof json === 'number') return isSecretNumber(json, secrets) ? replacement : json;
  if (Array.isArray(json)) return json.map((inner) => copyWithoutSecrets(inner, secrets));
  if (!isRecord(json)) return json;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(json)) {
    const name = withoutSecrets(key, secrets);
    const value = copyWithoutSecrets(json[key], secrets);
    // An assignment would set the prototype, or what some other code has added to it.
    if (name in copy) {
      Object.defineProperty(copy, name, {value, enumerable: true, configurable: true, writable: true});
    } else copy[name] = value;
  }
  return copy;
}

/** A text with its secrets replaced; where one was escaped, the whole text without escapes. */
function withoutSecrets(text: string, secrets: Secrets): string {
  if (text.length < minSecretLength || secrets.length === 0) return text;
  const replaced = secrets.reduce(replaceLiterally, text);
  if (!mayBeEscaped(replaced)) return replaced;
  const {unescaped, leastLength} = unescapedOf(secrets);
  if (replaced.length < leastLength) return replaced;
  const plain = withoutEscapes(replaced);
  const clean = unescaped.reduce(replaceLiterally, plain);
  return clean === plain ? replaced : clean;
}

function replaceLiterally(text: string, secret: string): string {
  const isTooShort = secret.length < minSecretLength || text.length < secret.length;
  return isTooShort ? text : text.replaceAll(secret, replacement);
}

function containsLiterally(text: string, secrets: Secrets): boolean {
  for (const secret of secrets) {
    if (secret.length >= minSecretLength && text.length >= secret.length && text.includes(secret)) return true;
  }
  return false;
}

function isNumeric(secret: string): boolean {
  return secret.length >= minSecretLength && /^\d+$/.test(secret);
}

/** Whether a number is a key of digits, which JSON may have rounded. */
function isSecretNumber(value: number, secrets: Secrets): boolean {
  // Writing a number takes far longer than all the rest.
  const text = Number.isInteger(value) && Math.abs(value) < 10 ** (minSecretLength - 1) ? '' : String(value);
  return secrets.some((secret) => isNumeric(secret) && (Math.abs(value) === Number(secret) || text.includes(secret)));
}

// Not recursive: a body may be nested more deeply than the stack.
function jsonContainsSecret(json: unknown, secrets: Secrets): boolean {
  if (secrets.length === 0) return false;
  const hasNumeric = secrets.some(isNumeric);
  const isSecret = (value: unknown): boolean =>
    typeof value === 'string'
      ? containsSecret(value, secrets)
      : hasNumeric && typeof value === 'number' && isSecretNumber(value, secrets);
  if (!isObject(json)) return isSecret(json);
  let pending: Fields[] | undefined;
  for (let next: Fields | undefined = json; next !== undefined; next = pending?.pop()) {
    // Not Object.entries: this runs at each poll, and allocates nothing.
    for (const key in next) {
      if (!Object.hasOwn(next, key)) continue;
      const value = next[key];
      if (containsSecret(key, secrets) || isSecret(value)) return true;
      if (isObject(value)) {
        pending ??= [];
        pending.push(value);
      }
    }
  }
  return false;
}

// Searching for a character costs next to nothing, unlike the pattern below.
function mayBeEscaped(text: string): boolean {
  return text.includes('\\') || text.includes('%') || (text.includes('&') && text.includes(';'));
}

const utf16 = /* @__PURE__ */ new TextDecoder('utf-16le', {ignoreBOM: true});

/**
 * A text without percent-encoding and without the escapes of JSON, JavaScript and HTML, however they are within each other. It takes
 * one pass, whatever a service sends: each escape is replaced where it ends, and what it stands for may end another one.
 */
function withoutEscapes(text: string): string {
  const plain = new Uint16Array(text.length);
  let length = 0;
  // Where the last character is that may begin an escape.
  let opened = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    plain[length++] = code;
    if (length - opened <= maxEntityLength) {
      for (let start = unescapeLast(plain, length); start >= 0; start = unescapeLast(plain, length)) length = start + 1;
    }
    const last = plain[length - 1];
    if (last === percent || last === backslash || last === ampersand) opened = length - 1;
  }
  if (length === text.length) return text;
  const codes = plain.subarray(0, length);
  // A decoder takes longer than all the rest of a short text.
  return length <= maxShortLength ? Reflect.apply(String.fromCharCode, String, codes) : utf16.decode(codes);
}

const maxShortLength = 1000;

const numberSign = 0x23;
const percent = 0x25;
const ampersand = 0x26;
const semicolon = 0x3b;
const backslash = 0x5c;
const x = 0x78;
const u = 0x75;

/** Replaces the escape that the last character ends. @returns where it was, or -1 where there is none */
function unescapeLast(plain: Uint16Array, length: number): number {
  const last = plain[length - 1] ?? 0;
  let start = -1;
  let code = -1;
  if (last === semicolon) {
    start = entityStart(plain, length);
    if (start >= 0) code = readEntity(plain, start, length);
  } else if (plain[length - 2] === backslash && isEscapable(last)) {
    start = length - 2;
    code = last;
  } else if (plain[length - 3] === percent) {
    start = length - 3;
    code = readNumber(plain, length - 2, length, 16);
  } else if (plain[length - 4] === backslash && ((plain[length - 3] ?? 0) | 0x20) === x) {
    start = length - 4;
    code = readNumber(plain, length - 2, length, 16);
  } else if (plain[length - 6] === backslash && ((plain[length - 5] ?? 0) | 0x20) === u) {
    start = length - 6;
    code = readNumber(plain, length - 4, length, 16);
  }
  if (code < 0) return -1;
  plain[start] = code;
  return start;
}

/** Whether a backslash before a character stands for nothing else: quotes, slashes. */
function isEscapable(code: number): boolean {
  return code === 0x22 || code === 0x27 || code === 0x2f || code === backslash;
}

/** The number between two places; -1 unless there are digits and nothing else. */
function readNumber(plain: Uint16Array, from: number, to: number, base: 10 | 16): number {
  if (from >= to) return -1;
  let value = 0;
  for (let index = from; index < to; index++) {
    const code = plain[index] ?? 0;
    const digit = code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57;
    if (digit < 0 || digit >= base || (code > 0x39 && digit < 10)) return -1;
    value = value * base + digit;
  }
  return value;
}

/** HTML's names of the characters that tokens and keys consist of, each with its character behind it. */
const entities =
  'amp& lt< gt> quot" apos\' plus+ sol/ equals= period. lowbar_ colon: comma, semi; percnt% bsol\\ num# excl! dollar$ ast* ' +
  'commat@ quest? lpar( rpar) lsqb[ rsqb] lcub{ rcub} verbar|';

const codesByName: ReadonlyMap<number, number> = /* @__PURE__ */ readEntities();

function readEntities(): ReadonlyMap<number, number> {
  return new Map(
    entities.split(' ').map((entity) => {
      const codes = Uint16Array.from(entity, (character) => character.charCodeAt(0));
      const end = codes.length - 1;
      return [readName(codes, 0, end), codes[end] ?? 0];
    }),
  );
}

/** A name between two places, as a number: a string for each would take longer than all the rest. Letters alone have 1 to 26. */
function readName(plain: Uint16Array, from: number, to: number): number {
  let name = 0;
  for (let index = from; index < to; index++) {
    const letter = ((plain[index] ?? 0) | 0x20) - 0x60;
    if (letter < 1 || letter > 26) return -1;
    name = name * 27 + letter;
  }
  return name;
}

/** The longest escape of HTML that is decoded: some write zeros before a number. */
const maxEntityLength = 32;

/** Where the escape of HTML begins that a semicolon ends; -1: nowhere. */
function entityStart(plain: Uint16Array, length: number): number {
  const least = Math.max(0, length - maxEntityLength);
  let start = length - 2;
  while (start >= least && plain[start] !== ampersand && plain[start] !== semicolon) start--;
  return start >= least && plain[start] === ampersand ? start : -1;
}

/** The character that an escape of HTML stands for; -1: none. */
function readEntity(plain: Uint16Array, start: number, length: number): number {
  const end = length - 1;
  if (plain[start + 1] !== numberSign) return codesByName.get(readName(plain, start + 1, end)) ?? -1;
  const isHexadecimal = ((plain[start + 2] ?? 0) | 0x20) === x;
  const code = isHexadecimal ? readNumber(plain, start + 3, end, 16) : readNumber(plain, start + 2, end, 10);
  return code <= 0x10_ff_ff ? code : -1;
}

/** A secret as it is found in a text without escapes. */
export function unescapedSecret(secret: string): string {
  const plain = mayBeEscaped(secret) ? withoutEscapes(secret) : secret;
  return plain.length < minSecretLength ? secret : plain;
}
