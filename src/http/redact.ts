/** What a token is replaced with. */
const replacement = '[token]';

const maxTextLength = 200;

/** A string from outside, shortened and without the token, which a server may send back. */
export function redact(text: string, token: string | undefined, maxLength: number = maxTextLength): string {
  return (token === undefined ? text : withoutToken(text, token)).slice(0, maxLength);
}

// Shorter ones are no secrets, and would be found inside ordinary words.
const minSecretLength = 8;

/** Whether a string from outside contains the token, as it is or with some of it percent-encoded, as in a URL. */
export function containsSecret(text: string, token: string | undefined): token is string {
  if (token === undefined || token.length < minSecretLength || text.length < token.length) return false;
  return text.includes(token) || (text.includes('%') && patternOf(token).test(text));
}

/**
 * Whether JSON that is still text may contain the token, so that what was parsed has to be searched: without an escape it says
 * what it contains.
 */
export function textMayContainSecret(text: string, token: string | undefined): boolean {
  return token !== undefined && (text.includes('\\') || text.includes('%') || text.includes(token));
}

/** Parsed JSON without the token, in strings and in keys; the value itself where it does not contain the token. */
export function redactJson(json: unknown, token: string | undefined): unknown {
  if (token === undefined || !jsonContainsSecret(json, token)) return json;
  // A reviver sees each value by its key, in a copy that nobody else has.
  return JSON.parse(JSON.stringify(json), (_, value: unknown) => {
    if (typeof value === 'string') return withoutToken(value, token);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [withoutToken(key, token), inner]));
  });
}

function withoutToken(text: string, token: string): string {
  return containsSecret(text, token) ? text.replace(patternOf(token), replacement) : text;
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

// Not recursive: a body may be nested more deeply than the stack.
function jsonContainsSecret(json: unknown, token: string): boolean {
  if (typeof json === 'string') return containsSecret(json, token);
  if (!isFields(json)) return false;
  let pending: Fields[] | undefined;
  for (let next: Fields | undefined = json; next !== undefined; next = pending?.pop()) {
    // Not Object.entries: this happens at each poll, and makes nothing.
    for (const key in next) {
      const value = next[key];
      if (key.length >= token.length && containsSecret(key, token)) return true;
      if (typeof value === 'string') {
        if (containsSecret(value, token)) return true;
      } else if (isFields(value)) {
        pending ??= [];
        pending.push(value);
      }
    }
  }
  return false;
}

let latest: {readonly token: string; readonly pattern: RegExp} | undefined;

/** The token with any of its characters percent-encoded. It is made once for each token: most are used many times. */
function patternOf(token: string): RegExp {
  if (latest?.token !== token) {
    const characters = [...token].map((character) => {
      const code = character.charCodeAt(0).toString(16);
      return `(?:${/\w/.test(character) ? character : `\\${character}`}|%(?:25)*${ignoringCase(code)})`;
    });
    latest = {token, pattern: new RegExp(characters.join(''), 'g')};
  }
  latest.pattern.lastIndex = 0;
  return latest.pattern;
}

function ignoringCase(hexadecimal: string): string {
  return hexadecimal.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}
