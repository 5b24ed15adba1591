import {
  ForbiddenError,
  InvalidResumeTokenError,
  OperationCanceledError,
  OperationError,
  OperationFailedError,
  OperationNotFoundError,
  OperationNotStartedError,
  OperationNotWatchableError,
  ProtocolError,
  ResultUnavailableError,
  UnauthorizedError,
  UnreachableError,
  WatchTimeoutError,
} from '../operation/errors.ts';
import {PollError} from '../operation/poll-error.ts';
import {messageOf} from '../shared/describe-error.ts';
import {isObject} from '../shared/json.ts';

/** What each exit code means; see docs/command-scripts.md. */
export const exitCodes = {
  succeeded: 0,
  failed: 1,
  usage: 2,
  canceled: 3,
  timeout: 4,
  refused: 5,
  notFound: 6,
  unreachable: 7,
  /** A bug in the command itself, sysexits' EX_SOFTWARE. */
  fault: 70,
  /** The command cannot write its output, e.g. because the disk is full, sysexits' EX_IOERR. */
  unwritable: 74,
} as const;

/** What to do where no usable access token was given. */
export const tokenHint = 'Use --token-env, --token-file or --token-command.';

type ErrorClass = new (...args: never[]) => OperationError;

const hints: ReadonlyArray<readonly [ErrorClass, exitCode: number, hint: string]> = [
  [OperationFailedError, exitCodes.failed, 'The service reports that it failed. Fix the cause, then start it again.'],
  [OperationCanceledError, exitCodes.canceled, 'It was canceled, or skipped by the service. Start it again if needed.'],
  [WatchTimeoutError, exitCodes.timeout, 'It may still be running.'],
  [UnauthorizedError, exitCodes.refused, `Get a fresh token. ${tokenHint}`],
  [ForbiddenError, exitCodes.refused, 'The token or key lacks a permission or a role (for Graph: docs/graph.md).'],
  [
    OperationNotFoundError,
    exitCodes.notFound,
    'Check the location. Services delete old operations, even those that succeeded.',
  ],
  [UnreachableError, exitCodes.unreachable, 'Check host and network, then watch again: it may still be running.'],
  [OperationNotWatchableError, exitCodes.unreachable, 'It may be running. Check before you start it again.'],
  [
    ProtocolError,
    exitCodes.unreachable,
    'Check the location, and --protocol (see "operation-poller protocols") or --protocol-file.',
  ],
  [ResultUnavailableError, exitCodes.unreachable, 'The operation succeeded: watch it again with --fetch-result.'],
  [InvalidResumeTokenError, exitCodes.usage, 'Delete the file and give the location to start over.'],
];

/** What went wrong, what to do about it, and the exit code. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly hint: string;
  readonly exitCode: number;

  constructor(message: string, hint: string, exitCode: number = exitCodes.usage) {
    super(message);
    this.hint = hint;
    this.exitCode = exitCode;
  }
}

/** What to do about a 401 where no token was given. */
export const noTokenHint = `No token was given. ${tokenHint} For a key in a header of its own: --header-env with --root.`;

/** What to do about a 401 where `--header-env` gave a key, and no token was given. */
export const keyHint = 'Check the variables of --header-env: the service does not accept what they hold.';

/** Turns any error into a CLI error: it keeps its own message and gets our hint and exit code. */
export function toCliError(error: unknown): CliError {
  try {
    const known = knownError(error);
    if (known !== undefined) return known;
  } catch {
    // None of ours: nothing can be asked of it.
  }
  return new CliError(
    `unexpected: ${messageOf(error)}`,
    'This is a bug in the command. Please report it.',
    exitCodes.fault,
  );
}

function knownError(error: unknown): CliError | undefined {
  if (error instanceof CliError) return error;
  if (error instanceof OperationNotStartedError) return notStarted(error);
  for (const [type, exitCode, hint] of hints) {
    if (error instanceof type) return new CliError(error.message, hint, exitCode);
  }
  if (error instanceof OperationError) {
    return new CliError(error.message, 'Check with the service itself: only it knows.', exitCodes.unreachable);
  }
  // The library checks its options; the message names the option and what it takes.
  if (error instanceof TypeError || error instanceof RangeError) {
    return new CliError(error.message, 'Correct the value; --help describes the options.');
  }
  return undefined;
}

function notStarted({message, mayHaveStarted, cause}: OperationNotStartedError): CliError {
  const hint = mayHaveStarted
    ? 'It may have started anyway. Check before you start it again.'
    : 'Nothing was started. Fix the cause and try again.';
  return new CliError(message, hint, startExitCode(cause));
}

function startExitCode(cause: unknown): number {
  if (!(cause instanceof PollError)) return exitCodes.unreachable;
  const {httpStatus, kind, transient} = cause;
  if (httpStatus === 401 || httpStatus === 403 || kind === 'token') return exitCodes.refused;
  if (httpStatus === 404) return exitCodes.notFound;
  // The service understood the request and declined it.
  return httpStatus !== undefined && httpStatus >= 400 && !transient ? exitCodes.failed : exitCodes.unreachable;
}

/** The code of a system error, such as `ENOENT`; `undefined` for anything else. */
export function errorCode(error: unknown): string | undefined {
  const code = isObject(error) ? error['code'] : undefined;
  return typeof code === 'string' ? code : undefined;
}
