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
  // Where escapes may begin; the last one is what may end here, since no escape goes beyond the beginning of another one.
  const starts = [Number.NEGATIVE_INFINITY];
  for (let index = 0; index < text.length; index++) {
    plain[length++] = text.charCodeAt(index);
    for (;;) {
      const start = starts[starts.length - 1] ?? 0;
      const code = readEscape(plain, start, length);
      if (code < 0) break;
      plain[start] = code;
      length = start + 1;
      starts.pop();
    }
    const last = plain[length - 1];
    if (last === percent || last === backslash || last === ampersand) starts.push(length - 1);
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
  if (length > maxEscapeLength) return -1;
  const first = plain[start];
  const last = plain[end - 1] ?? 0;
  if (first === percent) return length === 3 ? readNumber(plain, start + 1, end, 16) : -1;
  if (first === ampersand) return last === semicolon ? readEntity(plain, start + 1, end - 1) : -1;
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

/** The character that the name or the number between `&` and `;` stands for; -1: none. */
function readEntity(plain: Uint16Array, start: number, end: number): number {
  if (plain[start] !== numberSign) return codesByName.get(readNumber(plain, start, end, 36)) ?? -1;
  const isHexadecimal = lowerCase(plain, start + 1) === x;
  const code = isHexadecimal ? readNumber(plain, start + 2, end, 16) : readNumber(plain, start + 1, end, 10);
  return code <= 0x10_ff_ff ? code : -1;
}

/** The number between two places; -1 unless there are digits and nothing else. */
function readNumber(plain: Uint16Array, from: number, to: number, base: 10 | 16 | 36): number {
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

/** By names as numbers of base 36, where zeros in front do not matter: a string for each would take longer than all the rest. */
const codesByName: ReadonlyMap<number, number> = /* @__PURE__ */ new Map(
  entities.split(' ').map((entity) => [Number.parseInt(entity, 36), entity.charCodeAt(entity.length - 1)]),
);
