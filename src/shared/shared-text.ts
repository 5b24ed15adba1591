/**
 * Gives a text, behind its prefix, as the string of the call before where they are the same: a hundred thousand operations need not
 * hold it each, and requests need not put it together each.
 */
export function sharedText(): (text: string, prefix?: string) => string {
  let last = '';
  let lastPrefix = '';
  let whole = '';
  return (text, prefix = '') => {
    if (text !== last || prefix !== lastPrefix) {
      last = text;
      lastPrefix = prefix;
      whole = prefix + text;
    }
    return whole;
  };
}
