import type {ClientParts} from '../client/client-parts.ts';
import {type ClientPollOptions, checkPollOptions, clientPollChecks} from '../client/operation-settings.ts';
import {type StartedOperation, startAfterReturn, watchStarted} from '../client/start.ts';
import {sendStart} from '../client/start-request.ts';
import {parseBody, type ResponseHeaders, type TransportResponse} from '../http/transport.ts';
import {OperationError} from '../operation/errors.ts';
import {parseErrorObject} from '../protocol/error-object.ts';
import {longRunning} from '../protocol/long-running.ts';
import {ownProperty} from '../protocol/pointer.ts';
import {type Checks, checkedWhereRead, expected} from '../shared/check-options.ts';
import {decodeLocation} from '../shared/location.ts';
import {resetPasswordPath} from './authentication-urls.ts';

/** The options of `resetPassword`. */
export interface ResetPasswordOptions extends ClientPollOptions {
  /** The new password. Absent: the service makes one, for cloud-only users. */
  readonly newPassword?: string | undefined;
  /** The id of the password method. Default the one that all users have. */
  readonly methodId?: string | undefined;
}

/** A password reset on its way. */
export type PasswordReset = StartedOperation & {
  /**
   * The new password, the one that was given or the one that the service made, once the reset has succeeded.
   *
   * @throws what `poller.result()` throws; an OperationError when the reset is unconfirmed
   */
  newPassword(): Promise<string>;
};

const resetPasswordChecks = {
  ...clientPollChecks,
  newPassword: (name, password) => {
    if (typeof password !== 'string') throw expected(name, 'a string', typeof password);
  },
  methodId: checkedWhereRead,
} satisfies Checks<ResetPasswordOptions>;

/** Resets a user's password and watches it happen. The request is sent once. */
export function resetPassword(
  client: ClientParts,
  user: string,
  given: ResetPasswordOptions = {},
): Promise<PasswordReset> {
  return startAfterReturn(async (returned) => {
    checkPollOptions(given, resetPasswordChecks);
    const {newPassword, methodId, ...options} = given;
    const request = {path: resetPasswordPath(user, methodId), body: newPassword === undefined ? {} : {newPassword}};
    const accepted = await sendStart(client, options.protocol ?? longRunning, request, options, (response) =>
      withoutPassword(response, newPassword),
    );
    const started = watchStarted(client, accepted, options, returned);
    return withPassword(started, newPassword ?? passwordIn(accepted.response.json));
  });
}

/**
 * Keeps a password until its reset has succeeded, and then for as long as somebody may ask for it. It lives in this function's
 * scope alone, where nothing can print it.
 */
function withPassword(started: StartedOperation, given: string | undefined): PasswordReset {
  let password = given;
  if (started.confirmed) {
    // Without a success nobody is given the password, so it is dropped. Once the reset has ended, the poller does not keep it.
    const subscription = started.poller.on('*', ({type}) => {
      const isLost = type === 'failed' || type === 'canceled' || type === 'abandoned';
      if (isLost) password = undefined;
      if (isLost || type === 'succeeded') subscription.unsubscribe();
    });
  } else password = undefined;
  const newPassword = async (): Promise<string> => {
    if (!started.confirmed) {
      throw new OperationError(
        'The reset was accepted, but nobody can tell whether it succeeded: there is no password to hand over',
      );
    }
    // Whether a result can be fetched after the success does not matter here.
    await started.poller.waitFor('succeeded');
    if (password !== undefined) return password;
    throw new OperationError(
      'The reset succeeded, but its response did not contain the password that the service generated',
    );
  };
  return {...started, newPassword};
}

/** What a response to a reset calls the password, also in older services. */
const passwordNames: readonly string[] = ['newPassword', 'password'];

/** The password in the body of the response to a reset. */
function passwordIn(body: unknown): string | undefined {
  const password = passwordNames.map((name) => ownProperty(body, name)).find((value) => value !== undefined);
  return typeof password === 'string' ? password : undefined;
}

const plainCode = /^[\w.-]+$/;

/**
 * The response to a reset, without its password in the headers, and in the body only where the service made it. Of an error
 * that may quote the request, in the message or anywhere else, in any encoding, only the code is kept.
 */
function withoutPassword(response: TransportResponse, given: string | undefined): TransportResponse {
  const {status, headers, body} = response;
  const password = given ?? passwordIn(parseBody(body));
  if (password === undefined) return response;
  return {
    ...response,
    headers: withoutSecret(headers, password),
    body: status < 300 ? quotingNothing(body, password) : given === undefined ? body : onlyCode(body, given),
  };
}

/** A body without the values that quote the password, but for the fields that are meant for it. */
function quotingNothing(body: TransportResponse['body'], password: string): TransportResponse['body'] {
  const json = parseBody(body);
  if (json === undefined || json === null || password === '') return body;
  try {
    const isQuote = (name: string, value: unknown): boolean =>
      typeof value === 'string' && !passwordNames.includes(name) && holdsSecret(value, password);
    return {json: JSON.parse(JSON.stringify(json), (name, value) => (isQuote(name, value) ? undefined : value))};
  } catch {
    return {text: ''}; // nested too deeply
  }
}

function onlyCode(body: TransportResponse['body'], password: string): TransportResponse['body'] {
  const code = parseErrorObject(ownProperty(parseBody(body), 'error'))?.code;
  const isSafe = code !== undefined && plainCode.test(code) && (password === '' || !code.includes(password));
  return isSafe ? {json: {error: {code}}} : {text: ''};
}

// Shorter ones would be found inside ordinary ids.
const minSecretLength = 8;

/** Headers without those that hold a secret. */
function withoutSecret(headers: ResponseHeaders, secret: string): ResponseHeaders {
  if (secret.length < minSecretLength) return headers;
  const get = (name: string): string | null => {
    const value = headers.get(name);
    return value === null || holdsSecret(value, secret) ? null : value;
  };
  return {
    get,
    has: (name) => get(name) !== null,
    entries: () => [...headers.entries()].filter(([, value]) => !holdsSecret(value, secret)),
  };
}

/** Whether a text holds a secret, as it is or percent-encoded, even more than once. No pattern is made of the secret: it would stay. */
function holdsSecret(text: string, secret: string): boolean {
  for (let decoded = decodeLocation(text); ; ) {
    if (decoded.includes(secret)) return true;
    const next = decodeLocation(
      decoded.replace(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
    );
    if (next === decoded) return false;
    decoded = next;
  }
}
