/** Whether a text may contain an escape: searching for a character costs next to nothing. */
export function mayBeEscaped(text: string): boolean {
  return text.includes('\\') || text.includes('%') || (text.includes('&') && text.includes(';'));
}

const utf16 = /* @__PURE__ */ new TextDecoder('utf-16le', {ignoreBOM: true});

/**
 * A text without percent-encoding and without the escapes of JSON, JavaScript and HTML, however they are nested. It takes one pass,
 * whatever a service sends: each escape is replaced where it ends, and what it stands for may end another one. So `%255cu0041` becomes
 * `%5cu0041`, then `\u0041`, then `A`.
 */
export function withoutEscapes(text: string): string {
  const plain = new Uint16Array(text.length);
  let length = 0;
  // The last place where an escape may begin; the earlier ones are kept behind it. No escape goes beyond the beginning of another one,
  // so they count only once what the last one stands for may end them.
  let start = Number.NEGATIVE_INFINITY;
  const earlier: number[] = [];
  for (let index = 0; index < text.length; index++) {
    plain[length++] = text.charCodeAt(index);
    while (length - start <= maxEscapeLength) {
      const code = readEscape(plain, start, length);
      if (code < 0) break;
      plain[start] = code;
      length = start + 1;
      start = earlier.pop() ?? Number.NEGATIVE_INFINITY;
    }
    const last = plain[length - 1];
    if (last === percent || last === backslash || last === ampersand) {
      earlier.push(start);
      start = length - 1;
    }
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

/** The longest escape that is decoded: in HTML, some write zeros before a number. */
const maxEscapeLength = 32;

/** The character that an escape between two places stands for; -1: it is none, or not complete. */
function readEscape(plain: Uint16Array, start: number, end: number): number {
  const length = end - start;
  const last = plain[end - 1] ?? 0;
  if (plain[start] === percent) return length === 3 ? readNumber(plain, start + 1, end, 16) : -1;
  if (plain[start] === ampersand) return last === semicolon ? readEntity(plain, start + 1, end - 1) : -1;
  if (length === 2) return isEscapable(last) ? last : -1;
  const letter = lowerCase(plain, start + 1);
  const isComplete = letter === x ? length === 4 : letter === u && length === 6;
  return isComplete ? readNumber(plain, start + 2, end, 16) : -1;
}

function lowerCase(plain: Uint16Array, index: number): number {
  return (plain[index] ?? 0) | 0x20;
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
    const letter = lowerCase(plain, index) - 0x60;
    if (letter < 1 || letter > 26) return -1;
    name = name * 27 + letter;
  }
  return name;
}

/** The character that the name or the number between `&` and `;` stands for; -1: none. */
function readEntity(plain: Uint16Array, start: number, end: number): number {
  if (plain[start] !== numberSign) return codesByName.get(readName(plain, start, end)) ?? -1;
  const isHexadecimal = lowerCase(plain, start + 1) === x;
  const code = isHexadecimal ? readNumber(plain, start + 2, end, 16) : readNumber(plain, start + 1, end, 10);
  return code <= 0x10_ff_ff ? code : -1;
}
