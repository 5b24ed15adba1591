// A user's test in TypeScript, type-checked only: the emulator by itself, under the same conditions as watch.ts.
import {startGraphEmulator} from 'operation-poller/testing';

export async function emulate(): Promise<void> {
  const emulator = await startGraphEmulator();
  console.log(emulator.root, emulator.requests.length);
}
