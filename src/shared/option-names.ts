/**
 * Checks that only options are given that there are: a mistyped one would be ignored.
 *
 * @throws TypeError that names the option and those there are
 */
export function checkOptionNames(given: object, names: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) throw new TypeError(`${name}: there is no such option; there are ${names.join(', ')}`);
  }
}
