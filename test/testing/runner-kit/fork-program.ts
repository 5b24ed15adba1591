import {type ChildProcess, fork} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';

/** The tests run the source, and `npm run runners` what was compiled. */
const isSource = import.meta.url.endsWith('.ts');
const loader = new URL('../../support/load-typescript.mjs', import.meta.url).href;

/** The file of a program, by its path below `test` without the extension. */
export function programFile(path: string): string {
  return fileURLToPath(new URL(`../../${path}.${isSource ? 'ts' : 'js'}`, import.meta.url));
}

/**
 * Starts a program in a process of its own, which leads a group, and which gets JSON as its argument.
 *
 * @param path as for {@link programFile}
 * @param execPath the Node that runs it, by default the one that runs this
 */
export function forkProgram(path: string, given: object, execPath = process.execPath): ChildProcess {
  const execArgv = isSource ? ['--import', loader] : [];
  return fork(programFile(path), [JSON.stringify(given)], {
    execPath,
    execArgv,
    detached: true,
    env: {...process.env, NODE_NO_WARNINGS: '1'},
  });
}

/** Waits until a program says that it is ready. @throws Error when it ends before */
export async function ready(child: ChildProcess): Promise<void> {
  const waiting = new AbortController();
  const {signal} = waiting;
  const ended = once(child, 'exit', {signal}).then(() => {
    throw new Error('The program ended before it was ready');
  });
  await Promise.race([once(child, 'message', {signal}), ended]).finally(() => waiting.abort());
}

/** Kills a process, and those that it has started. Resolves when it has ended. */
export async function killChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  process.kill(-child.pid, 'SIGKILL');
  await exited;
}
