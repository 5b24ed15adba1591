import {createGraphClient} from '../graph/graph-client.ts';
import type {PasswordReset} from '../graph/password-reset.ts';
import {OperationError, OperationNotStartedError} from '../operation/errors.ts';
import type {Outcome} from '../operation/outcome.ts';
import {PollError} from '../operation/poll-error.ts';
import {escapeControls} from '../shared/printable.ts';
import {type AccessToken, accessTokenFrom, withTokenError} from './access-token.ts';
import {CliError, exitCodes, toCliError, tokenHint} from './cli-error.ts';
import {watchAgain} from './command-line.ts';
import {type NewPasswordOptions, readNewPassword} from './new-password.ts';
import {Reporter} from './reporter.ts';
import {interruptionOf, type Shell} from './shell.ts';
import {pollOptions, type WatchOptions} from './watch-options.ts';

export interface ResetPasswordCommandOptions extends WatchOptions, NewPasswordOptions {
  readonly root?: string;
  /** Prints the new password once the reset has succeeded. */
  readonly show?: boolean;
}

/**
 * `operation-poller reset-password`: resets a user's password in Microsoft Graph and watches the reset.
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
    const message = '--generate without --show: nobody would know the password';
    throw new CliError(message, 'Add --show, or choose the password yourself.');
  }
  const token = accessTokenFrom(options, shell);
  if (token === undefined) throw new CliError('a reset needs an access token', tokenHint);
  const graph = createGraphClient({cloud, root, token: token.read, batch: false});
  // Without a token, nobody needs to think of a password.
  await token.read({forceRefresh: false, signal: shell.signal});
  const newPassword = await readNewPassword(options, shell);
  shell.signal.throwIfAborted();
  const {polling, keep} = await pollOptions(options, shell);
  const reporter = new Reporter(shell, options);
  reporter.start();
  let reset: PasswordReset;
  try {
    reset = await graph.resetPassword(user, {...polling, newPassword});
  } catch (error) {
    return reporter.fail(startError(error, token), {hint: toCliError(error).hint});
  }
  if (!reset.confirmed) {
    const message = 'the reset was accepted, but the service does not say where to watch it';
    const hint = 'Sign in with the new password to see whether it works.';
    return reporter.fail(new CliError(message, hint, exitCodes.unreachable));
  }
  const outcome = await reporter.follow(reset.poller);
  await keep?.();
  if (outcome.status !== 'succeeded') {
    return failed(outcome.status, withTokenError(outcome.error, token), reporter, options, shell);
  }
  const {statusDetail: detail} = outcome.operation;
  if (!show) return reporter.succeed({status: 'succeeded', detail});
  try {
    const password = await reset.newPassword();
    const output = shell.stdout.isTTY === true ? escapeControls(password) : password;
    return reporter.succeed({status: 'succeeded', detail, output, fields: {newPassword: password}});
  } catch (error) {
    const hint = 'The new password is in effect, but nobody knows it: reset it again.';
    return reporter.fail(error, {status: 'succeeded', output: '', hint});
  }
}

/** If the start failed because there was no token, the reason that the token's source gave. */
function startError(error: unknown, token: AccessToken): unknown {
  const isToken =
    error instanceof OperationNotStartedError && error.cause instanceof PollError && error.cause.kind === 'token';
  return isToken ? (token.lastError() ?? error) : error;
}

function failed(
  status: Exclude<Outcome['status'], 'succeeded'>,
  error: unknown,
  reporter: Reporter,
  {generate, show, given}: ResetPasswordCommandOptions,
  shell: Shell,
): number {
  if (status !== 'abandoned') return reporter.fail(error, {status, ...(show === true ? {output: ''} : {})});
  const hints = [interruptionOf(shell) === undefined ? toCliError(error).hint : 'The reset continues.'];
  if (generate === true) hints.push('The generated password is lost: reset it again.');
  else if (error instanceof OperationError && error.location !== undefined) {
    hints.push(watchAgain(shell, 'Keep watching', error.location, given));
  }
  return reporter.fail(error, {hint: hints.join(' ')});
}
