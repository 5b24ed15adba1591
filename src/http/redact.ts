/** What a token is replaced with. */
const replacement = '[token]';

const maxTextLength = 200;

/** What must not be shown: the token of a request, and the values of its client's own headers. */
export type Secrets = readonly string[];

/** A string from outside, shortened and without secrets, which a server may send back. */
export function redact(text: string, secrets: Secrets, maxLength: number = maxTextLength): string {
  return secrets.reduce(withoutSecret, text).slice(0, maxLength);
}

// Shorter values are not treated as secrets: they occur inside ordinary words.
const minSecretLength = 8;

/** Whether a string from outside contains a secret, as it is or with some of it percent-encoded, as in a URL. */
export function containsSecret(text: string, secrets: Secrets): boolean {
  return secrets.some((secret) => contains(text, secret));
}

/**
 * Whether JSON that is still text may contain a secret, so that what was parsed has to be searched. Text without escapes contains
 * one literally or not at all.
 */
export function textMayContainSecret(text: string, secrets: Secrets): boolean {
  return (
    secrets.length > 0 && (text.includes('\\') || text.includes('%') || secrets.some((secret) => text.includes(secret)))
  );
}

function contains(text: string, secret: string): boolean {
  if (secret.length < minSecretLength || text.length < secret.length) return false;
  return text.includes(secret) || (text.includes('%') && patternOf(secret).test(text));
}

/** Parsed JSON without secrets, in strings and in keys; the value itself where it does not contain any. */
export function redactJson(json: unknown, secrets: Secrets): unknown {
  return secrets.reduce(jsonWithoutSecret, json);
}

function jsonWithoutSecret(json: unknown, secret: string): unknown {
  if (!jsonContainsSecret(json, secret)) return json;
  try {
    return copyWithoutSecret(json, secret);
  } catch {
    // It is nested more deeply than the stack: nothing could parse it, and it is not shown.
    return undefined;
  }
}

function copyWithoutSecret(json: unknown, secret: string): unknown {
  // The reviver visits each value of a copy that is ours alone.
  return JSON.parse(JSON.stringify(json), (_, value: unknown) => {
    if (typeof value === 'string') return withoutSecret(value, secret);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [withoutSecret(key, secret), inner]));
  });
}

function withoutSecret(text: string, secret: string): string {
  return contains(text, secret) ? text.replace(patternOf(secret), replacement) : text;
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

// Not recursive: a body may be nested more deeply than the stack.
function jsonContainsSecret(json: unknown, secret: string): boolean {
  if (typeof json === 'string') return contains(json, secret);
  if (!isFields(json)) return false;
  let pending: Fields[] | undefined;
  for (let next: Fields | undefined = json; next !== undefined; next = pending?.pop()) {
    // Not Object.entries: this runs at each poll, and allocates nothing.
    for (const key in next) {
      const value = next[key];
      if (key.length >= secret.length && contains(key, secret)) return true;
      if (typeof value === 'string') {
        if (contains(value, secret)) return true;
      } else if (isFields(value)) {
        pending ??= [];
        pending.push(value);
      }
    }
  }
  return false;
}

/** Each is compiled once: a token is used many times, and besides it there are a few headers at most. */
const patterns = new Map<string, RegExp>();
const maxPatterns = 8;

/** A secret with any of its characters percent-encoded. */
function patternOf(secret: string): RegExp {
  let pattern = patterns.get(secret);
  if (pattern === undefined) {
    const characters = [...secret].map((character) => {
      const code = character.charCodeAt(0).toString(16);
      return `(?:${/\w/.test(character) ? character : `\\${character}`}|%(?:25)*${ignoringCase(code)})`;
    });
    pattern = new RegExp(characters.join(''), 'g');
    // Drops those of tokens that are no longer in use.
    if (patterns.size === maxPatterns) patterns.clear();
    patterns.set(secret, pattern);
  }
  pattern.lastIndex = 0;
  return pattern;
}

function ignoringCase(hexadecimal: string): string {
  return hexadecimal.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}
