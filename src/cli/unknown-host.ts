import type {OperationPoller} from '../poller.ts';
import {escapeControls} from '../shared/printable.ts';
import {CliError, exitCodes} from './cli-error.ts';

/** How many requests in a row may not find the host: fewer may be a network that has just come up. */
const patience = 3;

/**
 * Stops watching soon if the location's host was never found: it is more likely to be misspelled than to appear.
 *
 * @returns gives the reason once it has stopped
 */
export function stopAtUnknownHost(poller: OperationPoller): () => CliError | undefined {
  let failures = 0;
  let reason: CliError | undefined;
  let answered = false;
  poller.on('*', (event) => {
    const error = event.type === 'retrying' ? event.error : undefined;
    answered ||= event.operation !== undefined || (event.answer ?? error?.answer) !== undefined;
    if (error === undefined) return;
    failures = error.code === 'ENOTFOUND' ? failures + 1 : 0;
    if (answered || failures < patience) return;
    const message = `there is no host ${escapeControls(new URL(poller.location).hostname)} (ENOTFOUND)`;
    reason = new CliError(message, 'Is it spelled right? If so, check network and DNS.', exitCodes.unreachable);
    poller.stop(reason);
  });
  return () => reason;
}
