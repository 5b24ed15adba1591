// Kills and stops workers, and kills Redis, at random moments.
import {type ChildProcess, fork} from 'node:child_process';
import {once} from 'node:events';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';

/** What was done to a worker, or to Redis, from when to when: in milliseconds since 1970. */
export interface Trouble {
  readonly kind: 'killed' | 'stopped' | 'redis';
  /** The worker's token. */
  readonly token?: string;
  readonly from: number;
  readonly to: number;
}

/** How much trouble there is. Times are in milliseconds. */
export interface TroublePlan {
  /** How long it lasts. */
  readonly time: number;
  /** How often something is killed or stopped, on average. */
  readonly troubleEvery: number;
  readonly recoverAfter: number;
}

export interface RunningWorker {
  readonly child: ChildProcess;
  readonly token: string;
}

/** What there is to kill. */
export interface Scene {
  readonly running: RunningWorker[];
  readonly start: () => Promise<RunningWorker>;
  /** Kills Redis and starts it again. */
  readonly restart: () => Promise<void>;
  /** Gets what was done. */
  readonly troubles: Trouble[];
  readonly signal: AbortSignal;
}

/** Makes a function that starts a worker in a process of its own. @param common what all of them get */
export function workerStarter(common: object, execArgv: readonly string[] = []): () => Promise<RunningWorker> {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const program = fileURLToPath(new URL(`./worker-process${extension}`, import.meta.url));
  let started = 0;
  return async () => {
    const token = `worker-${++started}`;
    const child = fork(program, [JSON.stringify({...common, token})], {execArgv: [...execArgv]});
    await once(child, 'message');
    return {child, token};
  };
}

/** Makes trouble until the time is over or the signal aborts, each kind at least once. */
export async function makeTrouble({time, troubleEvery, recoverAfter}: TroublePlan, scene: Scene): Promise<void> {
  const {running, start, restart, troubles, signal} = scene;
  const until = Date.now() + time;
  const pause = (longest: number): Promise<void> => sleep(longest, undefined, {signal}).catch(() => undefined);
  const kinds = ['killed', 'redis', 'stopped', 'killed', 'stopped'] as const;
  const starting: Array<Promise<unknown>> = [];
  for (let count = 0; ; count += 1) {
    await pause((0.5 + Math.random()) * troubleEvery);
    if (signal.aborted || (Date.now() > until && count >= kinds.length)) break;
    const kind = kinds[count % kinds.length] ?? 'redis';
    const from = Date.now();
    const victim = running[Math.floor(Math.random() * running.length)];
    if (kind === 'redis' || victim === undefined) {
      await restart();
      troubles.push({kind: 'redis', from, to: Date.now()});
      continue;
    }
    const {child, token} = victim;
    if (kind === 'stopped') {
      child.kill('SIGSTOP');
      await pause(Math.random() * 3 * recoverAfter);
      child.kill('SIGCONT');
    } else {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      running.splice(running.indexOf(victim), 1);
      starting.push(start().then((worker) => running.push(worker)));
    }
    troubles.push({kind, token, from, to: Date.now()});
  }
  // One that is just being started is ended with the others.
  await Promise.all(starting);
}
