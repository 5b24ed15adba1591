#!/usr/bin/env node
import {constants} from 'node:os';
import process from 'node:process';
import {exitCodes} from './cli-error.ts';
import {runCommand} from './command.ts';
import {Interruption} from './shell.ts';

/** 128 plus the number of SIGPIPE, which ends other commands in this case. */
const brokenPipe = 141;

const controller = new AbortController();

/** Milliseconds after the first signal in which another counts as the same: npm forwards what the terminal already sent to all. */
const sameSignalWindow = 500;
let interruptedAt = Number.POSITIVE_INFINITY;

/** The first time, ends in good order; the second time, at once. */
function interrupt(by: string | undefined, exitCode: number): void {
  const now = Date.now();
  if (now - interruptedAt > sameSignalWindow) process.exit(exitCode);
  if (controller.signal.aborted) return;
  interruptedAt = now;
  controller.abort(new Interruption(by, exitCode));
}

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => interrupt(name, 128 + constants.signals[name]));
}
// Nobody reads the output any more, as after "| head": stop working; it is not an error.
for (const output of [process.stdout, process.stderr]) {
  output.on('error', ({code}: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') process.exit(exitCodes.fault);
    if (!controller.signal.aborted) interrupt(undefined, brokenPipe);
  });
}

const {stdin, stdout, stderr, env} = process;
process.exitCode = await runCommand(process.argv.slice(2), {stdin, stdout, stderr, env, signal: controller.signal});
