/** Whether a text may contain an escape: searching for a character costs next to nothing. */
export function mayBeEscaped(text: string): boolean {
  return text.includes('\\') || text.includes('%') || (text.includes('&') && text.includes(';'));
}

const utf16 = /* @__PURE__ */ new TextDecoder('utf-16le', {ignoreBOM: true});

/**
 * A text without percent-encoding and without the escapes of JSON, JavaScript and HTML, however they are nested. It takes one pass,
 * whatever a service sends: each escape is replaced where it ends, and what it stands for may end another one.
 */
export function withoutEscapes(text: string): string {
  const plain = new Uint16Array(text.length);
  let length = 0;
  // The place of the last character that may begin an escape.
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
  if (last === semicolon) return unescapeEntity(plain, length);
  if (plain[length - 2] === backslash && isEscapable(last)) return putCode(plain, length - 2, last);
  if (plain[length - 3] === percent) return unescapeNumber(plain, length - 3, length, 2);
  if (beginsEscape(plain, length - 4, x)) return unescapeNumber(plain, length - 4, length, 2);
  return beginsEscape(plain, length - 6, u) ? unescapeNumber(plain, length - 6, length, 4) : -1;
}

/** Whether a backslash and a letter, in either case, are at a place. */
function beginsEscape(plain: Uint16Array, start: number, letter: number): boolean {
  return plain[start] === backslash && ((plain[start + 1] ?? 0) | 0x20) === letter;
}

function unescapeNumber(plain: Uint16Array, start: number, length: number, digits: number): number {
  return putCode(plain, start, readNumber(plain, length - digits, length, 16));
}

/** @param code of the character; -1: there is no escape */
function putCode(plain: Uint16Array, start: number, code: number): number {
  if (code < 0) return -1;
  plain[start] = code;
  return start;
}

/** Whether a backslash before a character leaves it what it is: quotes, slashes. */
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

/** HTML's names of the characters that tokens and keys consist of, each followed by its character. */
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

/** Replaces the escape of HTML that a semicolon ends. */
function unescapeEntity(plain: Uint16Array, length: number): number {
  const least = Math.max(0, length - maxEntityLength);
  let start = length - 2;
  while (start >= least && plain[start] !== ampersand && plain[start] !== semicolon) start--;
  return plain[start] === ampersand ? putCode(plain, start, readEntity(plain, start, length)) : -1;
}

/** The character that an escape of HTML stands for; -1: none. */
function readEntity(plain: Uint16Array, start: number, length: number): number {
  const end = length - 1;
  if (plain[start + 1] !== numberSign) return codesByName.get(readName(plain, start + 1, end)) ?? -1;
  const isHexadecimal = ((plain[start + 2] ?? 0) | 0x20) === x;
  const code = isHexadecimal ? readNumber(plain, start + 3, end, 16) : readNumber(plain, start + 2, end, 10);
  return code <= 0x10_ff_ff ? code : -1;
}
