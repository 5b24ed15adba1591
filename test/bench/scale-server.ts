// The emulator, in a process of its own, with as many operations as it is asked for, all of them running without end.
import {type ChildProcess, fork} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import {startGraphEmulator} from 'operation-poller/testing';

const userId = 'u';
const endless = 1_000_000_000;

/** An emulator that is running, and how to stop it. */
export interface ScaleServer {
  readonly root: string;
  stop(): void;
}

/** Starts it; it ends with this process at the latest. */
export async function startScaleServer(operations: number): Promise<ScaleServer> {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), [String(operations)]);
  const [root] = await once(child, 'message');
  return {root: String(root), stop: () => void child.kill()};
}

/** Where an operation of the emulator is. */
export function scaleLocation(root: string, id: number): string {
  return `${root}/v1.0/users/${userId}/authentication/operations/${id}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.on('disconnect', () => process.exit());
  const emulator = await startGraphEmulator({record: false, maximumRequests: Number.POSITIVE_INFINITY});
  const script = [{status: 'running', times: endless}];
  for (let id = 0; id < Number(process.argv[2]); id++) emulator.addOperation({userId, id: String(id), script});
  process.send?.(emulator.root);
}
