import {createGraphClient} from '../graph/graph-client.ts';
import type {PasswordReset} from '../graph/password-reset.ts';
import {OperationError, OperationNotStartedError, PollError} from '../operation/errors.ts';
import {readTokenOptions, type Token} from './access-token.ts';
import {called} from './called.ts';
import {Complaint, complaintOf} from './cli-error.ts';
import {exitCodes} from './exit-code.ts';
import {endedStatus, follow, withTokenTrouble} from './follow.ts';
import {type NewPasswordOptions, readNewPassword} from './new-password.ts';
import {quoted} from './quote.ts';
import {Report} from './reporter.ts';
import {interruptionOf, type Shell} from './shell.ts';
import {visible} from './terminal.ts';
import {pollOptions, type WatchingOptions} from './watch-options.ts';

/** The options of `reset-password`. */
export interface ResetPasswordCommandOptions extends WatchingOptions, NewPasswordOptions {
  readonly root?: string;
  /** Prints the new password once the reset has succeeded. */
  readonly show?: boolean;
}

/**
 * `operation-poller reset-password`: resets a user's password in Microsoft Graph and watches it happen.
 *
 * @returns the exit code
 */
export async function resetPasswordCommand(
  user: string,
  options: ResetPasswordCommandOptions,
  shell: Shell,
): Promise<number> {
  const {cloud, root, generate = false, show = false} = options;
  if (generate && !show) {
    throw new Complaint(
      '--generate without --show: nobody would know the password',
      'Give --show as well, or choose the password yourself.',
    );
  }
  const token = readTokenOptions(options, shell);
  if (token === undefined) {
    throw new Complaint('a reset needs an access token', 'Give --token-env, --token-file or --token-command.');
  }
  const graph = createGraphClient({cloud, root, token: token.give, batch: false});
  // Who has no token need not think of a password.
  await token.give({forceRefresh: false, signal: shell.signal});
  const newPassword = await readNewPassword(options, shell);
  shell.signal.throwIfAborted();
  const report = new Report(shell, options);
  report.begin();
  let reset: PasswordReset;
  try {
    reset = await graph.resetPassword(user, {...pollOptions(options, shell), newPassword});
  } catch (error) {
    return report.complain(startTrouble(error, token), {hint: complaintOf(error).hint});
  }
  if (!reset.confirmed) {
    const message = 'the reset was accepted, but the service does not say where to watch it';
    return report.complain(
      new Complaint(message, 'Sign in with the new password to see whether it holds.', exitCodes.unreachable),
    );
  }
  const followed = await follow(reset.poller, report);
  if (followed.operation === undefined) return giveUp(withTokenTrouble(followed.error, token), report, options, shell);
  const {statusDetail: detail} = followed.operation;
  if (!show) return report.succeed({status: 'succeeded', detail});
  try {
    const password = await reset.newPassword();
    const output = shell.stdout.isTTY === true ? visible(password) : password;
    return report.succeed({status: 'succeeded', detail, output, fields: {newPassword: password}});
  } catch (error) {
    return report.complain(error, {
      status: 'succeeded',
      output: '',
      hint: 'It holds, but nobody knows it: reset it again.',
    });
  }
}

/** A token that could not be had is the command's own complaint; anything else is the library's. */
function startTrouble(error: unknown, token: Token): unknown {
  const isToken =
    error instanceof OperationNotStartedError && error.cause instanceof PollError && error.cause.kind === 'token';
  return isToken ? (token.trouble() ?? error) : error;
}

function giveUp(error: unknown, report: Report, {generate, show}: ResetPasswordCommandOptions, shell: Shell): number {
  const status = endedStatus(error);
  if (status !== undefined) return report.complain(error, {status, ...(show === true ? {output: ''} : {})});
  const hints = [interruptionOf(shell) === undefined ? complaintOf(error).hint : 'The reset goes on.'];
  if (generate === true) hints.push('The password that the service made is lost: reset it again.');
  else if (error instanceof OperationError && error.location !== undefined) {
    hints.push(`Watch on with: ${called(shell)} watch ${quoted(error.location)}`);
  }
  return report.complain(error, {hint: hints.join(' ')});
}
