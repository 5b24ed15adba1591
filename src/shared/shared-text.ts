/** Gives a text as the string of the call before, where they are equal: a hundred thousand operations need not hold it each. */
export function sharedText(): (text: string) => string {
  let latest = '';
  return (text) => {
    if (text !== latest) latest = text;
    return latest;
  };
}
