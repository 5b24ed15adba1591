// A measurement in a process of its own: a clean heap, and CPU time that is its alone.
import {type ChildProcess, fork} from 'node:child_process';
import {fileURLToPath} from 'node:url';

function start(file: string, task: unknown): ChildProcess {
  return fork(fileURLToPath(file), [JSON.stringify(task)], {execArgv: ['--expose-gc'], serialization: 'advanced'});
}

/**
 * Runs a file of the benchmarks as a process, and gives what its {@link asChild} returns.
 *
 * @param file the file's `import.meta.url`
 * @param task what it is to do, as JSON
 */
export function inChild<Result>(file: string, task: unknown): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = start(file, task);
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

/** A process that measures each time it is asked. */
export interface Measurer<Result> {
  ask(question: string): Promise<Result>;
  stop(): void;
}

/**
 * Starts a file of the benchmarks as a process that stays, so that what is measured there takes turns with others and is
 * measured where the code is compiled already.
 *
 * @param file the file's `import.meta.url`
 * @param task what its {@link asMeasurer} gets, as JSON
 */
export function startMeasurer<Result>(file: string, task: unknown): Measurer<Result> {
  const child = start(file, task);
  const ask = (question: string): Promise<Result> =>
    new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`${fileURLToPath(file)} ended with ${code}`));
      child.once('exit', ended);
      child.once('message', (result: Result) => {
        child.off('exit', ended);
        resolve(result);
      });
      child.send(question);
    });
  return {ask, stop: () => void child.kill()};
}

/** In the process that {@link startMeasurer} started: gets ready, and answers one question after another. Elsewhere nothing. */
export function asMeasurer<Task>(file: string, prepare: (task: Task) => (question: string) => Promise<unknown>): void {
  if (process.argv[1] !== fileURLToPath(file)) return;
  process.once('disconnect', () => process.exit());
  const answer = prepare(JSON.parse(process.argv[2] ?? 'null'));
  process.on('message', async (question: string) => process.send?.(await answer(question)));
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
