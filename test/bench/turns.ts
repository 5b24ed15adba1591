import {spreadOf} from './statistics.ts';
import {figure} from './table.ts';

/**
 * Measures all contenders in turns, each turn in the other order than the one before.
 *
 * @returns the figures of each contender, by turn
 */
export async function inTurns<Contender, Figure>(
  turns: number,
  contenders: readonly Contender[],
  measure: (contender: Contender) => Promise<Figure>,
): Promise<Figure[][]> {
  const figures = contenders.map((): Figure[] => []);
  for (let turn = 0; turn < turns; turn++) {
    const entries = [...contenders.entries()];
    for (const [index, contender] of turn % 2 === 0 ? entries : entries.reverse()) {
      figures[index]?.push(await measure(contender));
    }
  }
  return figures;
}

/** The median of some figures and their spread, for a table. */
export function spreadCells(values: readonly number[]): [median: string, spread: string] {
  const {low, median, high} = spreadOf(values);
  return [figure(median), `${figure(low)} to ${figure(high)}`];
}
