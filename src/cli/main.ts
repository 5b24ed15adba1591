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
function interrupt(message: string, exitCode: number): void {
  const now = Date.now();
  if (now - interruptedAt > sameSignalWindow) process.exit(exitCode);
  if (controller.signal.aborted) return;
  interruptedAt = now;
  controller.abort(new Interruption(message, exitCode));
}

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => interrupt(`interrupted by ${name}`, 128 + constants.signals[name]));
}

const {stdin, stdout, stderr, env} = process;
let isOver = false;
for (const [name, output] of Object.entries({stdout, stderr})) {
  output.on('error', ({code}: NodeJS.ErrnoException) => {
    if (controller.signal.aborted) return;
    // Nobody reads the output any more, as after "| head": stop working; it is not an error.
    if (code === 'EPIPE') return interrupt('', brokenPipe);
    // A full disk, for instance: whoever relies on the output must not mistake this exit for the end of the operation.
    const message = `cannot write to ${name} (${code})`;
    process.exitCode = exitCodes.unwritable;
    interrupt(message, exitCodes.unwritable);
    // It was the command's last output, so nothing else reports the failure.
    if (isOver && output === stdout) stderr.write(`operation-poller: ${message}\n`);
  });
}

const exitCode = await runCommand(process.argv.slice(2), {stdin, stdout, stderr, env, signal: controller.signal});
isOver = true;
process.exitCode ??= exitCode;
