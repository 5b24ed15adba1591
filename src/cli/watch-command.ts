import {cloudRoots} from '../graph/clouds.ts';
import {createGraphClient, type GraphPollOptions} from '../graph/graph-client.ts';
import {OperationError, WatchAbortedError, WatchTimeoutError} from '../operation/errors.ts';
import {readOptions} from '../options/options.ts';
import {pollOperation, resumeOperation} from '../poll-operation.ts';
import type {OperationPoller} from '../poller.ts';
import {protocolNamed} from '../protocol/presets.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {resolveLocation} from '../protocol/resolve.ts';
import {readTokenOptions, type Token} from './access-token.ts';
import {called} from './called.ts';
import {Complaint, complaintOf} from './cli-error.ts';
import {codeOf} from './error-code.ts';
import {endedStatus, follow, withTokenTrouble} from './follow.ts';
import {quoted} from './quote.ts';
import {Report} from './reporter.ts';
import {type Kept, readResumeFile, removeResumeFile, writeResumeFile} from './resume-file.ts';
import {interruptionOf, type Shell} from './shell.ts';
import {jsonText} from './terminal.ts';
import {pollOptions, type WatchingOptions} from './watch-options.ts';

/** The options of `watch`. */
export interface WatchOptions extends WatchingOptions {
  readonly protocol?: Protocol;
  readonly fetchResult?: boolean;
  /** The resume file. */
  readonly resume?: string;
}

/**
 * `operation-poller watch`: watches one operation until it ends.
 *
 * @param given the location, or a path under the cloud's root; not needed where the resume file exists
 * @returns the exit code
 */
export async function watchCommand(given: string | undefined, options: WatchOptions, shell: Shell): Promise<number> {
  const {resume, fetchResult = false} = options;
  const location = given === undefined ? undefined : absolute(given, options);
  const kept = resume === undefined ? undefined : await readResumeFile(resume, location);
  const token = readTokenOptions(options, shell);
  // What is wrong with the token's source is told now, not after five polls.
  await token?.give({forceRefresh: false, signal: shell.signal});
  const poller = pollerOf(location, kept, options, token, shell);
  const report = new Report(shell, options);
  report.begin();
  const followed = await follow(poller, report);
  const {operation} = followed;
  if (operation !== undefined) {
    if (resume !== undefined) await removeResumeFile(resume);
    const result = fetchResult
      ? {output: jsonText(operation.result ?? null), fields: {result: operation.result ?? null}}
      : {};
    return report.succeed({status: 'succeeded', detail: operation.statusDetail, ...result});
  }
  const error = withTokenTrouble(followed.error, token);
  const status = endedStatus(error);
  if (status !== undefined) {
    if (resume !== undefined) await removeResumeFile(resume);
    return report.complain(error, {status, ...(fetchResult ? {output: ''} : {})});
  }
  return report.complain(error, {hint: await placeKept(followed.error, complaintOf(error).hint, resume, shell)});
}

/** A location as it stands, or a path as Graph's own relative locations are meant: under the root and its version. */
function absolute(given: string, {cloud = 'global'}: WatchOptions): string {
  const root = cloudRoots[cloud];
  return /^\/(?![/\\])/.test(given) ? (resolveLocation(given, root, `${root}/v1.0`) ?? given) : given;
}

function pollerOf(
  location: string | undefined,
  kept: Kept | undefined,
  options: WatchOptions,
  token: Token | undefined,
  shell: Shell,
): OperationPoller {
  const {cloud, protocol, fetchResult} = options;
  const polling: GraphPollOptions = {...pollOptions(options, shell), protocol, fetchResult};
  if (kept !== undefined) {
    const {text, state} = kept;
    const known = protocol ?? protocolNamed(state.protocol);
    const resumed = {...polling, totalTimeout: timeFor(state, readOptions({...polling, protocol: known}).totalTimeout)};
    if (cloud !== undefined) return clientOf(cloud, token).resume(text, resumed);
    return resumeOperation(text, {...resumed, token: token?.give});
  }
  if (location === undefined) {
    throw new Complaint(
      'there is no location, and no resume file to go on from',
      'Give the Location of the answer that started the operation.',
    );
  }
  if (cloud !== undefined) return clientOf(cloud, token).watch(location, polling);
  return pollOperation(location, {...polling, token: token?.give});
}

/** A Graph client: no token leaves the cloud, also where the location is on another host and the result in the cloud. */
function clientOf(cloud: keyof typeof cloudRoots, token: Token | undefined): ReturnType<typeof createGraphClient> {
  if (token === undefined) {
    throw new Complaint(
      '--cloud says where the token goes, but there is none',
      'Give --token-env, --token-file or --token-command.',
    );
  }
  return createGraphClient({cloud, token: token.give, batch: false});
}

/** `--timeout` is for this run; a resume token counts from the first start, unless its time had run out. */
function timeFor({startedAt, abandoned}: Kept['state'], timeout: number | false): number | false {
  if (timeout === false || abandoned === 'timeout') return timeout;
  return Math.max(0, Date.now() - startedAt) + timeout;
}

/** Keeps the place where watching ended. @returns what to do next */
async function placeKept(error: unknown, advice: string, resume: string | undefined, shell: Shell): Promise<string> {
  const hint = interruptionOf(shell) === undefined ? advice : 'The operation goes on.';
  const place = error instanceof OperationError ? error.resumeToken : undefined;
  if (place === undefined) return hint;
  if (resume === undefined) {
    const isEarly = error instanceof WatchTimeoutError || error instanceof WatchAbortedError;
    return isEarly ? `${hint} With --resume FILE the next run goes on from where this one ended.` : hint;
  }
  try {
    await writeResumeFile(resume, place);
    return `${hint} Go on with: ${called(shell)} watch --resume ${quoted(resume)}`;
  } catch (failure) {
    return `${hint} Its place is lost: ${resume} could not be written (${codeOf(failure)}).`;
  }
}
