import {type ChildProcess, fork} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';

/** The tests run the source, and `npm run runners` what was compiled. */
const isSource = import.meta.url.endsWith('.ts');
const loader = new URL('../support/load-typescript.mjs', import.meta.url).href;

/** Starts a program of this folder in a process of its own, which gets JSON as its argument. */
export function forkProgram(name: string, given: object): ChildProcess {
  const program = fileURLToPath(new URL(`./${name}.${isSource ? 'ts' : 'js'}`, import.meta.url));
  return fork(program, [JSON.stringify(given)], {execArgv: isSource ? ['--import', loader] : []});
}

/** Kills a process. Resolves when it has ended. */
export async function killChild(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
