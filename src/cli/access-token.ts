import {exec} from 'node:child_process';
import {promisify} from 'node:util';
import {isToken, type TokenRequest} from '../http/authorization.ts';
import {UnauthorizedError} from '../operation/errors.ts';
import {escapeControls} from '../shared/printable.ts';
import {CliError, errorCode, exitCodes} from './cli-error.ts';
import {assignment} from './command-line.ts';
import {maxPipedBytes, readText} from './read-text.ts';
import type {Shell} from './shell.ts';

/** Where the access token comes from; at most one is given. */
export interface AccessTokenOptions {
  readonly tokenEnv?: string;
  readonly tokenFile?: string;
  readonly tokenCommand?: string;
}

/** Where the access token comes from. */
export interface AccessToken {
  /** Reads it for a request. @throws CliError when it cannot be read */
  readonly read: (request: Pick<TokenRequest, 'claims' | 'forceRefresh' | 'signal'>) => Promise<string>;
  /** What went wrong in the last read; `undefined` when nothing did. */
  readonly lastError: () => CliError | undefined;
}

type Read = AccessToken['read'];

/**
 * The source that the options name. A variable and a file are read for each request, so that a file may be rotated; a pipe is read
 * once, since nothing more comes from it; a command is run when a token is first needed, and again once the service has refused its
 * token.
 *
 * @returns `undefined` when no source is named: then no token is sent
 */
export function accessTokenFrom(options: AccessTokenOptions, {env}: Shell): AccessToken | undefined {
  const {tokenEnv, tokenFile, tokenCommand} = options;
  if (tokenEnv !== undefined) return rememberError(fromVariable(tokenEnv, env));
  if (tokenFile !== undefined) return rememberError(fromFile(tokenFile));
  if (tokenCommand !== undefined) return rememberError(fromCommand(tokenCommand, env));
  return undefined;
}

/** Replaces the error of a watch that got no token by the reason, since the library keeps what a token function throws to itself. */
export function withTokenError(error: unknown, token: AccessToken | undefined): unknown {
  const reason = token?.lastError();
  if (reason === undefined || !(error instanceof UnauthorizedError)) return error;
  return new CliError(reason.message, reason.hint, exitCodes.refused);
}

function rememberError(read: Read): AccessToken {
  let lastError: CliError | undefined;
  return {
    read: async (request) => {
      lastError = undefined;
      try {
        return await read(request);
      } catch (error) {
        if (error instanceof CliError) lastError = error;
        throw error;
      }
    },
    lastError: () => lastError,
  };
}

function fromVariable(name: string, env: Shell['env']): Read {
  const variable = `the variable ${escapeControls(name)}`;
  return async () => {
    const text = env[name]?.trim();
    if (text) return parseToken(text, variable, exitCodes.usage);
    const state = text === undefined ? 'not set' : 'empty';
    const hint = `Set it to the access token: ${assignment(escapeControls(name), '…')}`;
    throw new CliError(`${variable} is ${state}`, hint);
  };
}

function fromFile(path: string): Read {
  const file = `the token file ${escapeControls(path)}`;
  let piped: string | undefined;
  return async ({signal}) => {
    if (piped !== undefined) return piped;
    try {
      const {text, isPipe} = await readText(path, signal);
      const token = parseToken(text, file, exitCodes.usage);
      if (isPipe) piped = token;
      return token;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof CliError) throw error;
      const hint = '--token-file takes a file that contains the access token and nothing else.';
      throw new CliError(`${file} cannot be read (${errorCode(error)})`, hint);
    }
  };
}

/** How much is shown of the last line that a failed command wrote, in characters: it may be a command to sign in, with claims. */
const maxMessageLength = 1000;

/** Where a token command finds the claims of a challenge. They come from the service, so no shell may read them. */
const claimsVariable = 'OPERATION_POLLER_CLAIMS';

function fromCommand(command: string, env: Shell['env']): Read {
  let token: string | undefined;
  return async ({claims, forceRefresh, signal}) => {
    if (token !== undefined && !forceRefresh) return token;
    token = undefined;
    const running = promisify(exec)(command, {
      encoding: 'utf8',
      // Without a challenge it is unset, even if our own environment has it.
      env: {...env, [claimsVariable]: claims},
      signal,
      maxBuffer: maxPipedBytes,
      windowsHide: true,
    });
    // A command that prompts would wait forever: our stdin is not for it.
    running.child.stdin?.end();
    const {stdout} = await running.catch((error: {code?: unknown; stderr?: string}) => {
      signal.throwIfAborted();
      const lastLine = escapeControls(error.stderr?.trim().split('\n').at(-1)?.trim().slice(0, maxMessageLength) ?? '');
      const message = `the token command failed (${String(error.code)})${lastLine && `: ${lastLine}`}`;
      const hint = 'Run it on its own: it must print the access token, and nothing else, within ten seconds.';
      throw new CliError(message, hint, exitCodes.refused);
    });
    token = parseToken(stdout, 'the output of the token command', exitCodes.refused);
    return token;
  };
}

/** The token in what was read, which is never shown: even if it is not a token, it may be a secret. */
function parseToken(text: string, source: string, exitCode: number): string {
  const token = text.trim();
  if (isToken(token)) return token;
  const hint = 'It must be the access token alone, without the word Bearer.';
  throw new CliError(`${source} ${problemOf(token)}`, hint, exitCode);
}

function problemOf(token: string): string {
  if (token === '') return 'is empty';
  if (/^bearer\s+\S+$/i.test(token)) return 'has the word Bearer before the access token';
  return 'is not an access token: it contains a space, a line break or a non-ASCII character';
}
