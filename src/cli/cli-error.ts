import {
  ForbiddenError,
  InvalidResumeTokenError,
  OperationCanceledError,
  OperationError,
  OperationFailedError,
  OperationNotFoundError,
  OperationNotStartedError,
  PollError,
  ProtocolError,
  ResultUnavailableError,
  UnauthorizedError,
  UnreachableError,
  WatchTimeoutError,
} from '../operation/errors.ts';
import {exitCodes} from './exit-code.ts';

/** What went wrong, what to do about it, and the exit code that says so: thrown by the command's own parts. */
export class Complaint extends Error {
  override readonly name = 'Complaint';
  readonly hint: string;
  readonly exitCode: number;

  constructor(message: string, hint: string, exitCode: number = exitCodes.usage) {
    super(message);
    this.hint = hint;
    this.exitCode = exitCode;
  }
}

type Advice = readonly [exitCode: number, hint: string];

const advice: ReadonlyArray<readonly [new (...given: never[]) => OperationError, ...Advice]> = [
  [OperationFailedError, exitCodes.failed, 'The service gave up on it. Start it again if the reason can be removed.'],
  [
    OperationCanceledError,
    exitCodes.canceled,
    'Somebody ended it, or the service skipped it. Start it again if needed.',
  ],
  [WatchTimeoutError, exitCodes.timeout, 'It may still be going on. Watch on, with a longer --timeout.'],
  [UnauthorizedError, exitCodes.refused, 'Give a fresh token by --token-env, --token-file or --token-command.'],
  [
    ForbiddenError,
    exitCodes.refused,
    'The token is known, but may not see this: it needs a permission or a role (docs/graph.md).',
  ],
  [
    OperationNotFoundError,
    exitCodes.notFound,
    'Check the location; services forget old operations. It is not "failed".',
  ],
  [
    UnreachableError,
    exitCodes.unreachable,
    'Check the host and the network, then watch on: the operation may be going on.',
  ],
  [ProtocolError, exitCodes.unreachable, 'Check the location and --protocol: "operation-poller protocols" lists them.'],
  [
    ResultUnavailableError,
    exitCodes.unreachable,
    'The operation itself has succeeded. Watch it again with --fetch-result to fetch the result.',
  ],
  [InvalidResumeTokenError, exitCodes.usage, 'Remove the file and give the location to begin anew.'],
];

/** Puts any error as a complaint: what went wrong in its own words, what to do about it in ours. */
export function complaintOf(error: unknown): Complaint {
  if (error instanceof Complaint) return error;
  if (error instanceof OperationNotStartedError) return notStarted(error);
  for (const [kind, exitCode, hint] of advice) {
    if (error instanceof kind) return new Complaint(error.message, hint, exitCode);
  }
  if (error instanceof OperationError) {
    return new Complaint(error.message, 'Look at the service itself: it alone can tell.', exitCodes.unreachable);
  }
  // The library checks what it is given; the message names the option and what it takes.
  if (error instanceof TypeError || error instanceof RangeError) {
    return new Complaint(error.message, 'Correct what was given; --help tells what there is.');
  }
  const message = error instanceof Error ? error.message : String(error);
  return new Complaint(`unexpected: ${message}`, 'This is a fault of the command. Please report it.', exitCodes.fault);
}

function notStarted({message, mayHaveStarted, cause}: OperationNotStartedError): Complaint {
  const hint = mayHaveStarted
    ? 'It may have started all the same. Look before you start it again.'
    : 'Nothing was started. Correct the cause and try again.';
  return new Complaint(message, hint, startExitCode(cause));
}

function startExitCode(cause: unknown): number {
  if (!(cause instanceof PollError)) return exitCodes.unreachable;
  const {httpStatus, kind, transient} = cause;
  if (httpStatus === 401 || httpStatus === 403 || kind === 'token') return exitCodes.refused;
  if (httpStatus === 404) return exitCodes.notFound;
  // What the service understood and would not do.
  return httpStatus !== undefined && httpStatus >= 400 && !transient ? exitCodes.failed : exitCodes.unreachable;
}
