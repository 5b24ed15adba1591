/**
 * Does what starts an operation, and lets watching it begin once the caller has what came of it: a listener that is added
 * right after `await` then hears everything.
 *
 * @param work gets the promise that watching waits for
 */
export function startAfterReturn<T>(work: (ready: Promise<void>) => Promise<T>): Promise<T> {
  let begin = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const result = work(ready);
  result.then(begin, begin);
  return result;
}
