/** The candidate that a misspelled word most likely means; `undefined` if none is close. Case does not matter. */
export function mostSimilar(word: string, candidates: readonly string[]): string | undefined {
  const distances = candidates.map((candidate) => editDistance(word.toLowerCase(), candidate.toLowerCase()));
  const least = Math.min(...distances);
  // Two in five letters may be wrong.
  return least <= word.length * 0.4 ? candidates[distances.indexOf(least)] : undefined;
}

/** How many letters must be inserted, left out or replaced: Levenshtein's distance. */
function editDistance(from: string, to: string): number {
  let row = Array.from({length: to.length + 1}, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
