import {printable} from './printable.ts';

/** The error for a name that is none of those there are; it says which one may be meant. */
export function unknownName(kind: string, name: string, known: readonly string[], prefix = ''): TypeError {
  const mistyped = known.find((other) => isSimilar(name.toLowerCase(), other.toLowerCase()));
  // `timeout` is short for more than one.
  const similar = mistyped === undefined ? known.filter((other) => isShortFor(name, other)) : [mistyped];
  const hint = similar.length === 0 ? '' : `. Did you mean ${similar.join(' or ')}?`;
  const message = `${prefix}${name.slice(0, 60)}: there is no such ${kind}; there are ${known.join(', ')}${hint}`;
  return new TypeError(printable(message));
}

/** Whether a name is part of another, as `timeout` and `total` are of `totalTimeout`. */
function isShortFor(name: string, other: string): boolean {
  return name.length >= 4 && other.toLowerCase().includes(name.toLowerCase());
}

/** Whether two names are at most two edits apart, which is most of what people mistype (Levenshtein distance). */
function isSimilar(name: string, other: string, edits = 2): boolean {
  if (name === '' || other === '') return name.length + other.length <= edits;
  const [rest, otherRest] = [name.slice(1), other.slice(1)];
  if (name[0] === other[0]) return isSimilar(rest, otherRest, edits);
  return (
    edits > 0 &&
    (isSimilar(rest, otherRest, edits - 1) ||
      isSimilar(rest, other, edits - 1) ||
      isSimilar(name, otherRest, edits - 1))
  );
}
