import {exec} from 'node:child_process';
import {readFile} from 'node:fs/promises';
import {promisify} from 'node:util';
import {isToken, type TokenRequest} from '../options/options.ts';
import {Complaint} from './cli-error.ts';
import {codeOf} from './error-code.ts';
import {exitCodes} from './exit-code.ts';
import {assignment} from './quote.ts';
import type {Shell} from './shell.ts';
import {visible} from './terminal.ts';

/** Where the access token comes from; at most one is given. */
export interface TokenOptions {
  readonly tokenEnv?: string;
  readonly tokenFile?: string;
  readonly tokenCommand?: string;
}

/** The access token, read anew whenever a request needs it. */
export interface Token {
  /** @throws Complaint when there is none to be had */
  readonly give: (request: Pick<TokenRequest, 'claims' | 'forceRefresh' | 'signal'>) => Promise<string>;
  /** What was wrong when it was last asked for. */
  readonly trouble: () => Complaint | undefined;
}

type Read = Token['give'];

/**
 * The source that the options name. A variable and a file are read for each request, so that a file may be rotated; a
 * command is run when a token is first needed, and again when the service has refused the one it gave.
 *
 * @returns `undefined` when no source is named: no token is sent then
 */
export function readTokenOptions({tokenEnv, tokenFile, tokenCommand}: TokenOptions, {env}: Shell): Token | undefined {
  if (tokenEnv !== undefined) return told(fromVariable(tokenEnv, env));
  if (tokenFile !== undefined) return told(fromFile(tokenFile));
  if (tokenCommand !== undefined) return told(fromCommand(tokenCommand, env));
  return undefined;
}

/** Remembers what went wrong: a watch tells only that the token could not be had. */
function told(read: Read): Token {
  let trouble: Complaint | undefined;
  const give: Read = async (request) => {
    trouble = undefined;
    try {
      return await read(request);
    } catch (error) {
      if (error instanceof Complaint) trouble = error;
      throw error;
    }
  };
  return {give, trouble: () => trouble};
}

function fromVariable(name: string, env: Shell['env']): Read {
  return async () => {
    const text = env[name];
    if (text === undefined || text.trim() === '') {
      const state = text === undefined ? 'not set' : 'empty';
      throw new Complaint(
        `the variable ${visible(name)} is ${state}`,
        `Put the access token into it: ${assignment(visible(name), '…')}`,
      );
    }
    return tokenIn(text, `the variable ${visible(name)}`, exitCodes.usage);
  };
}

function fromFile(path: string): Read {
  return async ({signal}) => {
    const text = await readFile(path, {encoding: 'utf8', signal}).catch((error: unknown) => {
      signal.throwIfAborted();
      throw new Complaint(
        `the token file ${visible(path)} cannot be read (${codeOf(error)})`,
        'Give --token-file a file that holds the access token and nothing else.',
      );
    });
    return tokenIn(text, `the token file ${visible(path)}`, exitCodes.usage);
  };
}

const largestOutput = 1024 * 1024;

/** Of the last line that a failed command wrote: a command to sign in with claims fits in. */
const longestSaid = 1000;

/** Where a token command finds the claims that the service challenges for. They come from the wire: no shell is to read them. */
const claimsVariable = 'OPERATION_POLLER_CLAIMS';

function fromCommand(command: string, env: Shell['env']): Read {
  let kept: string | undefined;
  return async ({claims, forceRefresh, signal}) => {
    if (kept !== undefined && !forceRefresh) return kept;
    kept = undefined;
    const running = promisify(exec)(command, {
      encoding: 'utf8',
      // Without a challenge it is not set, whatever stands in ours.
      env: {...env, [claimsVariable]: claims},
      signal,
      maxBuffer: largestOutput,
      windowsHide: true,
    });
    // A command that asks would wait for ever: what is typed is not for it.
    running.child.stdin?.end();
    const {stdout} = await running.catch((error: {code?: unknown; stderr?: string}) => {
      signal.throwIfAborted();
      const said = visible(error.stderr?.trim().split('\n').at(-1)?.trim().slice(0, longestSaid) ?? '');
      throw new Complaint(
        `the token command failed (${String(error.code)})${said === '' ? '' : `: ${said}`}`,
        'Run it by itself: it must print the access token, and nothing else, within ten seconds.',
        exitCodes.refused,
      );
    });
    kept = tokenIn(stdout, 'what the token command printed', exitCodes.refused);
    return kept;
  };
}

/** The token in a text, which is never shown: also what is no token may be a secret. */
function tokenIn(text: string, where: string, exitCode: number): string {
  const token = text.trim();
  if (isToken(token)) return token;
  const got =
    token === '' ? 'is empty' : 'is no access token: it holds a space, a line break or something that is not ASCII';
  throw new Complaint(`${where} ${got}`, 'It must be the access token alone, without the word Bearer.', exitCode);
}
