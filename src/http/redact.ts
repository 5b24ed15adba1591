import {type Fields, isObject, isRecord} from '../shared/json.ts';
import {redactLocation} from '../shared/location.ts';
import {mayBeEscaped, withoutEscapes} from './escapes.ts';

/** What a secret is replaced with. */
const replacement = '[token]';

const encodedReplacement = /* @__PURE__ */ encodeURIComponent(replacement);

const maxTextLength = 200;

/** What must not be shown: the tokens of a request, and the values of its client's own headers. */
export type Secrets = readonly string[];

/** The secrets of a request. */
export interface RequestSecrets {
  /** What must not be shown of its response. */
  readonly secrets: Secrets;
  /** Those of them that no URL may contain either. A version or a tenant's name in a header is part of many. */
  readonly credentials: Secrets;
}

/** A string from outside, shortened and without secrets, which a server may send back; `undefined` where there is none. */
export function redact(text: string, secrets: Secrets, maxLength?: number): string;
export function redact(text: string | null | undefined, secrets: Secrets): string | undefined;
export function redact(
  text: string | null | undefined,
  secrets: Secrets,
  maxLength: number = maxTextLength,
): string | undefined {
  return text === null || text === undefined ? undefined : withoutSecrets(text, secrets).slice(0, maxLength);
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

/** Whether a URL comes from a text that quoted a secret: that has been replaced, so the URL leads nowhere. */
export function isRedacted(location: string): boolean {
  return location.includes(replacement) || location.includes(encodedReplacement);
}

// Shorter values are not treated as secrets: they occur inside ordinary words.
export const minSecretLength = 8;

/** Whether a string from outside contains a secret, as it is or escaped. */
export function containsSecret(text: string, secrets: Secrets): boolean {
  return withoutSecrets(text, secrets) !== text;
}

interface UnescapedSecrets {
  readonly unescaped: Secrets;
  /** How long a text is at least that contains one of them, or one as it is. */
  readonly leastLength: number;
}

const unescapedSecrets = new WeakMap<Secrets, UnescapedSecrets>();

/** Secrets as they are found in a text without escapes: once for all the strings of a body. */
function unescapedOf(secrets: Secrets): UnescapedSecrets {
  let known = unescapedSecrets.get(secrets);
  if (known === undefined) {
    const unescaped = secrets.map(unescapedSecret);
    const lengths = [...secrets, ...unescaped].map(({length}) => length).filter((length) => length >= minSecretLength);
    known = {unescaped, leastLength: Math.min(...lengths)};
    unescapedSecrets.set(secrets, known);
  }
  return known;
}

/**
 * Whether JSON that is still text may contain a secret, so that what was parsed has to be searched. A number may be a secret that is
 * written differently.
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
  // Not by assignment, which would set the prototype, or what some other code has added to it.
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [withoutSecrets(key, secrets), copyWithoutSecrets(value, secrets)]),
  );
}

/** A text with its secrets replaced; where one was escaped, the whole text without escapes. */
function withoutSecrets(text: string, secrets: Secrets): string {
  if (text.length < minSecretLength || secrets.length === 0) return text;
  const replaced = secrets.reduce(replaceLiterally, text);
  if (!mayBeEscaped(replaced)) return replaced;
  const {unescaped, leastLength} = unescapedOf(secrets);
  // Escapes only make a text longer.
  if (replaced.length < leastLength) return replaced;
  const plain = withoutEscapes(replaced);
  const clean = unescaped.reduce(replaceLiterally, plain);
  return clean === plain ? replaced : clean;
}

function replaceLiterally(text: string, secret: string): string {
  // Looking for it first makes a poll a tenth faster.
  return secret.length >= minSecretLength && text.includes(secret) ? text.replaceAll(secret, replacement) : text;
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
  // Wrapped, because it may be a string. The list grows while it is read.
  const objects: Fields[] = [{json}];
  for (const fields of objects) {
    // Not Object.entries, which would allocate a list for each field at each poll.
    for (const key in fields) {
      if (!Object.hasOwn(fields, key)) continue;
      const value = fields[key];
      const isSecret =
        typeof value === 'string'
          ? containsSecret(value, secrets)
          : hasNumeric && typeof value === 'number' && isSecretNumber(value, secrets);
      if (isSecret || containsSecret(key, secrets)) return true;
      if (isObject(value)) objects.push(value);
    }
  }
  return false;
}

/** A secret as it is, and as the host of a URL contains it: in lower case. */
export function formsInUrls(secret: string): Secrets {
  const inHost = secret.toLowerCase();
  return inHost === secret ? [secret] : [secret, inHost];
}

/** A secret as it is found in a text without escapes. */
export function unescapedSecret(secret: string): string {
  const plain = withoutEscapes(secret);
  return plain.length < minSecretLength ? secret : plain;
}
