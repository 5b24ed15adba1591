import {type PollError, type PollErrorJson, readPollError, writePollError} from '../operation/poll-error.ts';
import {readOperation} from '../operation/read-resume-token.ts';
import {type OperationJson, writeOperation} from '../operation/resume-token.ts';
import type {Settings} from '../options/settings.ts';
import {byProcessClock, type PollRequest, poll, type Report} from '../polling/poll.ts';
import {isRecord} from '../shared/json.ts';
import {clockSince} from './clock-since.ts';
import {notRecorded, type RecordedJson, toRecordedJson} from './recorded-json.ts';

type ReportJson =
  | (Omit<Extract<Report, {readonly is: 'operation'}>, 'operation'> & {readonly operation: OperationJson})
  | Extract<Report, {readonly is: 'unknownStatus'}>
  | {readonly is: 'failure'; readonly error: PollErrorJson};

/** A request within a poll that failed and was made again. */
interface Retry {
  readonly error: PollError;
  /** After how many milliseconds. */
  readonly delay: number;
  /** When it failed, in milliseconds since 1970. */
  readonly at: number;
}

/** Everything a workflow knows of a poll: what the service said, and the workflow's only source of randomness and of time. */
export interface PollRecord {
  /** When the response came, in milliseconds since 1970. */
  readonly at: number;
  /** A random number from 0 to 1, without 1, for the schedule. */
  readonly random: number;
  readonly retries: readonly Retry[];
  readonly report: Report;
}

interface PollRecordJson extends Pick<PollRecord, 'at' | 'random'> {
  readonly retries?: readonly (Omit<Retry, 'error'> & {readonly error: PollErrorJson})[];
  readonly report: ReportJson;
}

const version = 1;

/**
 * The one thing in a watch that has an effect: polls the service, for the engine to record.
 *
 * @param since the time that the watch has come to, in milliseconds since 1970: what is recorded is no earlier
 */
export async function recordPoll(settings: Settings, request: PollRequest, since: number): Promise<RecordedJson> {
  const retries: Retry[] = [];
  const clock = clockSince(since);
  const {deadlineAt} = request;
  const report = await poll(settings, {
    ...byProcessClock(request, clock.ahead),
    // The deadline is from the time of the last record. When the poll is repeated after a crash, it may have passed.
    ...(deadlineAt !== undefined && clock.now() < deadlineAt ? {} : {deadlineAt: undefined}),
    // A replay is not held back.
    onHeldBack: undefined,
    onRetry: (error, delay) => retries.push({error, delay, at: clock.now()}),
  });
  return writePollRecord({at: clock.now(), random: Math.random(), retries, report});
}

/** Writes a poll as JSON. It contains no token or header, but the whole response body. */
export function writePollRecord({at, random, retries, report}: PollRecord): RecordedJson {
  return toRecordedJson({
    version,
    at,
    random,
    retries:
      retries.length === 0 ? undefined : retries.map((retry) => ({...retry, error: writePollError(retry.error)})),
    report: writeReport(report),
  });
}

/**
 * Reads a poll that {@link writePollRecord} wrote.
 *
 * @throws TypeError when it is not a poll's record, e.g. because the workflow's code was changed while it ran
 */
export function readPollRecord(json: unknown): PollRecord {
  if (!isPollRecord(json)) throw notRecorded('poll of this library');
  const {at, random, retries = [], report} = json;
  return {
    at,
    random,
    retries: retries.map((retry) => ({...retry, error: readPollError(retry.error)})),
    report: readReport(report),
  };
}

function isPollRecord(json: unknown): json is PollRecordJson {
  return isRecord(json) && json['version'] === version && isRecord(json['report']);
}

function writeReport(report: Report): ReportJson {
  if (report.is === 'operation') return {...report, operation: writeOperation(report.operation)};
  return report.is === 'failure' ? {is: 'failure', error: writePollError(report.error)} : report;
}

function readReport(report: ReportJson): Report {
  if (report.is === 'failure') return {is: 'failure', error: readPollError(report.error)};
  const {retryAfter} = report;
  const answer = Object.freeze({...report.answer});
  if (report.is === 'unknownStatus') return {is: 'unknownStatus', rawStatus: report.rawStatus, answer, retryAfter};
  const {unknownWord, relocation} = report;
  return {is: 'operation', operation: readOperation(report.operation), unknownWord, answer, retryAfter, relocation};
}
