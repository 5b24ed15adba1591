import {OperationError} from '../operation/errors.ts';
import {ownProperty} from '../protocol/pointer.ts';
import type {StartedOperation} from './start.ts';

/** A password reset on its way. */
export type PasswordReset = StartedOperation & {
  /**
   * The new password, the one that was given or the one that the service made, once the reset has succeeded.
   *
   * @throws what `poller.result()` throws; an OperationError when the reset is unconfirmed
   */
  newPassword(): Promise<string>;
};

/** The password in the body of the answer to a reset; older services call it `password`. */
export function passwordIn(body: unknown): string | undefined {
  const password = ownProperty(body, 'newPassword') ?? ownProperty(body, 'password');
  return typeof password === 'string' ? password : undefined;
}

/** Keeps a password until its reset has succeeded. It lives in this function's scope alone, where nothing can print it. */
export function withPassword(started: StartedOperation, password: string | undefined): PasswordReset {
  const newPassword = async (): Promise<string> => {
    if (!started.confirmed) {
      throw new OperationError(
        'The reset was accepted, but nobody can tell whether it succeeded: there is no password to hand over',
      );
    }
    // What is fetched after the success, if anything is, does not matter here.
    await started.poller.waitFor('succeeded');
    if (password === undefined)
      throw new OperationError('The reset succeeded, but the service did not say the password that it made');
    return password;
  };
  return {...started, newPassword};
}
