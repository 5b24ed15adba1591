import {createOperationClient, type OperationClient} from '../client/operation-client.ts';
import type {ClientPollOptions} from '../client/operation-settings.ts';
import {isPath} from '../client/path.ts';
import {cloudRoots} from '../graph/clouds.ts';
import {createGraphClient} from '../graph/graph-client.ts';
import {type OperationError, UnauthorizedError, WatchAbortedError, WatchTimeoutError} from '../operation/errors.ts';
import {readOptions} from '../options/settings.ts';
import {pollOperation, resumeOperation} from '../poll-operation.ts';
import type {OperationPoller} from '../poller.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {resolveLocation} from '../protocol/resolve.ts';
import {protocolWithin} from '../protocol/start.ts';
import {describeValue} from '../shared/check-options.ts';
import {type AccessToken, accessTokenFrom, withTokenError} from './access-token.ts';
import {CliError, errorCode, keyHint, noTokenHint, toCliError, tokenHint} from './cli-error.ts';
import {watchAgain} from './command-line.ts';
import {writeJsonFile} from './json-file.ts';
import {findProtocol, readProtocolFile} from './named-protocols.ts';
import {Reporter} from './reporter.ts';
import {readResumeFile, removeResumeFile, type SavedToken, updateResumeFile} from './resume-file.ts';
import {interruptionOf, type Shell} from './shell.ts';
import {jsonText} from './terminal.ts';
import {stopAtUnknownHost} from './unknown-host.ts';
import {headersFrom, pollOptions, type WatchOptions} from './watch-options.ts';

export interface WatchCommandOptions extends WatchOptions {
  /** The root of a service, in place of a cloud. */
  readonly root?: string;
  readonly protocol?: Protocol;
  /** The path of a file with a protocol, in place of `protocol`. */
  readonly protocolFile?: string;
  /** `NAME=VARIABLE` each. */
  readonly headerEnv?: readonly string[];
  readonly fetchResult?: boolean;
  /** The path of the resume file. */
  readonly resume?: string;
}

/**
 * `operation-poller watch`: watches one operation until it ends.
 *
 * @param typed the location, or a path under the root, as the user typed it; optional where the resume file exists
 * @returns the exit code
 */
export async function watchCommand(
  typed: string | undefined,
  options: WatchCommandOptions,
  shell: Shell,
): Promise<number> {
  const {resume, fetchResult = false, protocolFile} = options;
  const protocol = protocolFile === undefined ? options.protocol : await readProtocolFile(protocolFile, shell);
  const location = typed === undefined ? undefined : absolute(typed, options);
  const saved = resume === undefined ? undefined : await readResumeFile(resume, location);
  const token = accessTokenFrom(options, shell);
  // Report a problem with the token's source now, not after five polls.
  await token?.read({forceRefresh: false, signal: shell.signal});
  const {polling, keep} = await pollOptions(options, shell);
  const client = createClient(options, token, shell);
  const poller = createPoller(location, saved, {...polling, protocol, fetchResult}, client, token);
  const unknownHost = stopAtUnknownHost(poller);
  const endUpdates = resume === undefined ? undefined : updateResumeFile(resume, poller);
  const reporter = new Reporter(shell, options);
  reporter.start();
  const outcome = await reporter.follow(poller);
  await endUpdates?.();
  await keep?.();
  const {status} = outcome;
  if (status !== 'abandoned' && resume !== undefined) await removeResumeFile(resume);
  if (outcome.status === 'succeeded') {
    const {statusDetail: detail, result = null} = outcome.operation;
    const output = fetchResult ? {output: jsonText(result), fields: {result}} : {};
    return reporter.succeed({status, detail, ...output});
  }
  const noHost = unknownHost();
  if (noHost !== undefined) return reporter.fail(noHost);
  const error = withTokenError(outcome.error, token);
  if (status !== 'abandoned') return reporter.fail(error, {status, ...(fetchResult ? {output: ''} : {})});
  const isWithoutToken = token === undefined && error instanceof UnauthorizedError;
  const withoutTokenHint = options.headerEnv === undefined ? noTokenHint : keyHint;
  const whatNow = isWithoutToken ? withoutTokenHint : toCliError(error).hint;
  const hint = interruptionOf(shell) === undefined ? whatNow : 'The operation continues.';
  const howToGoOn = await saveToken(outcome.error, {typed, location}, options, shell);
  return reporter.fail(error, {hint: howToGoOn === undefined ? hint : `${hint} ${howToGoOn}`});
}

/** Resolves a path as Graph means its own relative locations: under the root and its version. Leaves a location as it is. */
function absolute(typed: string, {cloud = 'global', root = `${cloudRoots[cloud]}/v1.0`}: WatchCommandOptions): string {
  return isPath(typed) ? (resolveLocation(typed, root, root) ?? typed) : typed;
}

function createPoller(
  location: string | undefined,
  saved: SavedToken | undefined,
  polling: ClientPollOptions,
  client: OperationClient | undefined,
  token: AccessToken | undefined,
): OperationPoller {
  const {protocol} = polling;
  if (saved !== undefined) {
    const {text, state} = saved;
    const named = protocol ?? findProtocol(state.protocol);
    const known = {...polling, protocol: named && (protocolWithin(named, state.protocol) ?? named)};
    if (known.protocol?.name !== state.protocol) {
      const hint = 'Give that protocol with --protocol or --protocol-file, as in the run that wrote the file.';
      throw new CliError(`--resume: the file is for the protocol ${describeValue(state.protocol)}`, hint);
    }
    const {totalTimeout} = readOptions(known);
    const resumed = {...known, totalTimeout: timeoutFor(state, totalTimeout)};
    return client?.resume(text, resumed) ?? resumeOperation(text, {...resumed, token: token?.read});
  }
  if (location === undefined) {
    const hint = 'Give the Location header of the response that started the operation.';
    throw new CliError('there is no location, and no resume file to resume from', hint);
  }
  return client?.watch(location, polling) ?? pollOperation(location, {...polling, token: token?.read});
}

/** A client for the root or the cloud: the token never leaves it, even if the location is elsewhere and the result there. */
function createClient(
  {cloud, root, headerEnv}: WatchCommandOptions,
  token: AccessToken | undefined,
  shell: Shell,
): OperationClient | undefined {
  const headers = headerEnv && headersFrom(headerEnv, shell);
  if (root !== undefined) return createOperationClient({root, token: token?.read, headers});
  if (cloud === undefined) {
    if (headers === undefined) return undefined;
    throw new CliError('--header-env: nothing says where the header goes', 'Add --root with the root of the service.');
  }
  if (token === undefined) throw new CliError('--cloud says where the token goes, but none is given', tokenHint);
  return createGraphClient({cloud, token: token.read, headers, batch: false});
}

/** `--timeout` is for this run; a resume token counts from the first start, unless its time had run out. */
function timeoutFor({startedAt, abandoned}: SavedToken['state'], timeout: number | false): number | false {
  if (timeout === false || abandoned === 'timeout') return timeout;
  return Math.max(0, Date.now() - startedAt) + timeout;
}

/** Saves the resume token of a watch that ended early, if there is a file for it. @returns how to go on, where there is a way */
async function saveToken(
  error: OperationError,
  {typed, location}: {readonly typed: string | undefined; readonly location: string | undefined},
  {resume, given}: WatchCommandOptions,
  shell: Shell,
): Promise<string | undefined> {
  if (resume === undefined) {
    if (!(error instanceof WatchTimeoutError || error instanceof WatchAbortedError)) return undefined;
    // A location that is not shown in full may be a capability, so no log may have it.
    const isShown = error.location === location;
    return isShown ? watchAgain(shell, 'Keep watching', typed, given) : 'Run the same command to keep watching.';
  }
  if (error.resumeToken === undefined) return undefined;
  try {
    await writeJsonFile(resume, error.resumeToken);
    return watchAgain(shell, 'Resume', undefined, given);
  } catch (failure) {
    return `The resume token is lost: ${resume} could not be written (${errorCode(failure)}).`;
  }
}
