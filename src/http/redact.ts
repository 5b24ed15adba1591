import {type Fields, isObject, isRecord} from '../shared/json.ts';

/** What a secret is replaced with. */
const replacement = '[token]';

const encodedReplacement = encodeURIComponent(replacement);

const maxTextLength = 200;

/** What must not be shown: the tokens of a request, and the values of its client's own headers. */
export type Secrets = readonly string[];

/** A string from outside, shortened and without secrets, which a server may send back. */
export function redact(text: string, secrets: Secrets, maxLength: number = maxTextLength): string {
  return withoutSecrets(text, secrets).slice(0, maxLength);
}

/** Whether a URL is made of what quoted a secret in a body, and leads nowhere since that has been replaced. */
export function isRedacted(location: string): boolean {
  return location.includes(replacement) || location.includes(encodedReplacement);
}

// Shorter values are not treated as secrets: they occur inside ordinary words.
const minSecretLength = 8;

/** Whether a string from outside contains a secret, as it is or escaped. */
export function containsSecret(text: string, secrets: Secrets): boolean {
  if (text.length < minSecretLength || secrets.length === 0) return false;
  if (containsLiterally(text, secrets)) return true;
  // Escapes only make a text longer.
  if (!mayBeEscaped(text) || !secrets.some((secret) => text.length >= leastLength(secret))) return false;
  const plain = withoutEscapes(text);
  return plain === undefined || (plain !== text && containsLiterally(plain, secrets.map(unescapedSecret)));
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
  // The reviver visits each value of a copy that is ours alone.
  return JSON.parse(JSON.stringify(json), (_, value: unknown) => {
    if (typeof value === 'string') return withoutSecrets(value, secrets);
    if (typeof value === 'number') return isSecretNumber(value, secrets) ? replacement : value;
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [withoutSecrets(key, secrets), inner]));
  });
}

/** A text with its secrets replaced; where one was escaped, the whole text without escapes. */
function withoutSecrets(text: string, secrets: Secrets): string {
  if (text.length < minSecretLength || secrets.length === 0) return text;
  const replaced = secrets.reduce(replaceLiterally, text);
  if (!mayBeEscaped(replaced)) return replaced;
  const plain = withoutEscapes(replaced);
  if (plain === undefined) return replacement;
  const clean = secrets.map(unescapedSecret).reduce(replaceLiterally, plain);
  return clean === plain ? replaced : clean;
}

function replaceLiterally(text: string, secret: string): string {
  return secret.length < minSecretLength ? text : text.replaceAll(secret, replacement);
}

function containsLiterally(text: string, secrets: Secrets): boolean {
  for (const secret of secrets) {
    if (secret.length >= minSecretLength && text.length >= secret.length && text.includes(secret)) return true;
  }
  return false;
}

/** How long a secret is at least once nothing of it is escaped. */
function leastLength(secret: string): number {
  return mayBeEscaped(secret) ? minSecretLength : secret.length;
}

function isNumeric(secret: string): boolean {
  return secret.length >= minSecretLength && /^\d+$/.test(secret);
}

/** Whether a number is a key of digits, which JSON may have rounded. */
function isSecretNumber(value: number, secrets: Secrets): boolean {
  return secrets.some(
    (secret) => isNumeric(secret) && (Math.abs(value) === Number(secret) || String(value).includes(secret)),
  );
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

/** Percent-encoding, the escapes of JSON and JavaScript, and HTML's; one that was itself escaped in the same way too. */
const escapes =
  /%(?:25)*([\da-f]{2})|\\+(?:u([\da-f]{4})|x([\da-f]{2})|(["'/\\]))|&(?:amp;)*(?:#x0*([\da-f]{1,6})|#0*(\d{1,7})|([a-z]+));/gi;

/** HTML's names of the characters that tokens and keys consist of. */
const characterNames: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", plus: '+', sol: '/', equals: '=', period: '.', lowbar: '_'},
    ...{colon: ':', comma: ',', semi: ';', percnt: '%', bsol: '\\', num: '#', excl: '!', dollar: '$', ast: '*'},
    ...{commat: '@', quest: '?', lpar: '(', rpar: ')', lsqb: '[', rsqb: ']', lcub: '{', rcub: '}', verbar: '|'},
  }),
);

/** How many kinds of escapes may be within each other. */
const maxEscapeDepth = 10;

/** A text without escapes; `undefined` where they are nested too deeply for anybody to have meant it. */
function withoutEscapes(text: string): string | undefined {
  let plain = text;
  for (let depth = 0; depth < maxEscapeDepth; depth++) {
    const next = plain.replace(escapes, unescapeOne);
    if (next === plain) return plain;
    plain = next;
  }
  return undefined;
}

type Digits = string | undefined;

function unescapeOne(
  whole: string,
  percent: Digits,
  unicode: Digits,
  byte: Digits,
  character: string | undefined,
  hexadecimal: Digits,
  decimal: Digits,
  name: string | undefined,
): string {
  if (character !== undefined) return character;
  if (name !== undefined) return characterNames.get(name.toLowerCase()) ?? whole;
  const digits = percent ?? unicode ?? byte ?? hexadecimal;
  return String.fromCharCode(digits === undefined ? Number(decimal) : Number.parseInt(digits, 16));
}

/** A secret as it is found in a text without escapes. */
function unescapedSecret(secret: string): string {
  const plain = mayBeEscaped(secret) ? withoutEscapes(secret) : undefined;
  return plain === undefined || plain.length < minSecretLength ? secret : plain;
}
