// A measurement in a process of its own: a clean heap, and CPU time that is its alone.
import {fork} from 'node:child_process';
import {fileURLToPath} from 'node:url';

/**
 * Runs a file of the benchmarks as a process, and gives what its {@link asChild} returns.
 *
 * @param file the file's `import.meta.url`
 * @param task what it is to do, as JSON
 */
export function inChild<Result>(file: string, task: unknown): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(file), [JSON.stringify(task)], {
      execArgv: ['--expose-gc'],
      serialization: 'advanced',
    });
    child.once('message', (result: Result) => resolve(result));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${fileURLToPath(file)} ended with ${code} and no result`)));
  });
}

/** In the process that {@link inChild} started: does the task, sends the result, and ends. Elsewhere nothing. */
export async function asChild<Task>(file: string, work: (task: Task) => Promise<unknown>): Promise<void> {
  if (process.argv[1] !== fileURLToPath(file)) return;
  process.once('disconnect', () => process.exit());
  const result = await work(JSON.parse(process.argv[2] ?? 'null'));
  process.send?.(result, () => process.exit());
}

/** The heap and the process's memory, in bytes, without garbage. */
export async function settledMemory(): Promise<{readonly heap: number; readonly rss: number}> {
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    globalThis.gc?.();
  }
  const {heapUsed, rss} = process.memoryUsage();
  return {heap: heapUsed, rss};
}
