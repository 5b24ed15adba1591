import {OperationCanceledError, OperationFailedError, UnauthorizedError} from '../operation/errors.ts';
import type {SucceededOperation} from '../operation/operation.ts';
import type {OperationPoller} from '../poller.ts';
import type {Token} from './access-token.ts';
import {Complaint} from './cli-error.ts';
import {exitCodes} from './exit-code.ts';
import type {Report} from './reporter.ts';

/** How a watch ended: with the operation that succeeded, or with what `result()` rejected with. */
export type Followed = {readonly operation: SucceededOperation} | {readonly operation?: never; readonly error: unknown};

/** Watches until the end and reports all of it but the outcome. */
export async function follow(poller: OperationPoller, report: Report): Promise<Followed> {
  poller.on('*', (event) => report.hear(event));
  try {
    return {operation: await poller.result()};
  } catch (error) {
    return {error};
  }
}

/** The status of an operation that ended, as an error has it; `undefined` when watching ended first. */
export function endedStatus(error: unknown): 'failed' | 'canceled' | undefined {
  if (error instanceof OperationFailedError) return 'failed';
  return error instanceof OperationCanceledError ? 'canceled' : undefined;
}

/** An error with the reason why no token could be had: the library keeps what a token function throws to itself. */
export function withTokenTrouble(error: unknown, token: Token | undefined): unknown {
  const trouble = token?.trouble();
  if (trouble === undefined || !(error instanceof UnauthorizedError)) return error;
  return new Complaint(trouble.message, trouble.hint, exitCodes.refused);
}
