import {test} from '@jest/globals';

/**
 * As `test.each`, with all its cases played side by side, during the first of its tests: what they wait for passes once. For
 * cases that wait for real time, on servers of their own.
 *
 * @param cases the arguments of each
 * @param name as that of `test.each`
 * @param play plays one
 */
export function testTogether<Case extends readonly unknown[]>(
  cases: readonly Case[],
  name: string,
  play: (...given: [...Case]) => Promise<void>,
): void {
  let playing: ReadonlyArray<Promise<void>> | undefined;
  test.each(cases.map((given, index) => [...given, index]))(name, async (...given) => {
    playing ??= cases.map((each) => play(...each));
    // Until all have ended: the first test cleans up after them.
    await Promise.allSettled(playing);
    await playing[Number(given.at(-1))];
  });
}
