#!/usr/bin/env node
import {constants} from 'node:os';
import process from 'node:process';
import {runCommand} from './command.ts';
import {exitCodes} from './exit-code.ts';
import {Interruption} from './shell.ts';

/** 128 and the number of SIGPIPE, which ends other commands in this case. */
const brokenPipe = 141;

const controller = new AbortController();

/** How soon after the first signal another one is the same one, in milliseconds: npm passes on what the terminal sent to all. */
const sameSignal = 500;
let interruptedAt = Number.POSITIVE_INFINITY;

/** The first time, what is under way is ended in good order; the second time, at once. */
function interrupt(by: string | undefined, exitCode: number): void {
  const now = Date.now();
  if (now - interruptedAt > sameSignal) process.exit(exitCode);
  if (controller.signal.aborted) return;
  interruptedAt = now;
  controller.abort(new Interruption(by, exitCode));
}

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => interrupt(name, 128 + constants.signals[name]));
}
// Nobody reads any more, as after "| head": the end of the work, and no error.
for (const output of [process.stdout, process.stderr]) {
  output.on('error', ({code}: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') process.exit(exitCodes.fault);
    if (!controller.signal.aborted) interrupt(undefined, brokenPipe);
  });
}

const {stdin, stdout, stderr, env} = process;
process.exitCode = await runCommand(process.argv.slice(2), {stdin, stdout, stderr, env, signal: controller.signal});
