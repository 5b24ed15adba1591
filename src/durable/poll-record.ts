import type {PollError} from '../operation/errors.ts';
import {type PollErrorJson, readPollError, writePollError} from '../operation/poll-error-json.ts';
import {readOperation} from '../operation/read-resume-token.ts';
import {type OperationJson, writeOperation} from '../operation/resume-token.ts';
import type {Answer} from '../operation/state.ts';
import type {Report} from '../polling/poll.ts';
import type {RecordedJson} from './durable-host.ts';

type ReportJson =
  | (Omit<Extract<Report, {readonly is: 'operation'}>, 'operation'> & {readonly operation: OperationJson})
  | Extract<Report, {readonly is: 'unknownStatus'}>
  | {readonly is: 'failure'; readonly error: PollErrorJson};

/** A request within a poll that failed and was made again. */
export interface Retry {
  readonly error: PollError;
  /** After how many milliseconds. */
  readonly delay: number;
  /** When it failed, in milliseconds since 1970. */
  readonly at: number;
}

/** All that a poll brings into a workflow: what the service said, and the only chance and the only clock there are. */
export interface PollRecord {
  /** When the answer came, in milliseconds since 1970. */
  readonly at: number;
  /** A random number from 0 to 1, without 1, for the schedule. */
  readonly random: number;
  readonly retries: readonly Retry[];
  readonly report: Report;
}

const version = 1;

/** Writes a poll as JSON. No secret is in it, but what the service answered is, whole. */
export function writePollRecord({at, random, retries, report}: PollRecord): RecordedJson {
  const json = {
    version,
    at,
    random,
    ...(retries.length === 0
      ? {}
      : {retries: retries.map((retry) => ({...retry, error: writePollError(retry.error)}))}),
    report: writeReport(report),
  };
  return plain(json);
}

/**
 * Reads a poll that {@link writePollRecord} wrote.
 *
 * @throws TypeError when it is none, e.g. because the code of the workflow was changed while it ran
 */
export function readPollRecord(json: RecordedJson): PollRecord {
  if (!isRecord(json) || json['version'] !== version || !isRecord(json['report'])) {
    throw new TypeError('What the engine recorded is no poll of this library: was the workflow changed while it ran?');
  }
  const {
    at,
    random,
    retries = [],
    report,
  } = json as unknown as {
    readonly at: number;
    readonly random: number;
    readonly retries?: readonly {readonly error: PollErrorJson; readonly delay: number; readonly at: number}[];
    readonly report: ReportJson;
  };
  return {
    at,
    random,
    retries: retries.map((retry) => ({...retry, error: readPollError(retry.error)})),
    report: readReport(report),
  };
}

function writeReport(report: Report): ReportJson {
  if (report.is === 'operation') return {...report, operation: writeOperation(report.operation)};
  return report.is === 'failure' ? {is: 'failure', error: writePollError(report.error)} : report;
}

function readReport(report: ReportJson): Report {
  if (report.is === 'failure') return {is: 'failure', error: readPollError(report.error)};
  const {answer: head, retryAfter} = report;
  const answer = readAnswer(head);
  if (report.is === 'unknownStatus') return {is: 'unknownStatus', rawStatus: report.rawStatus, answer, retryAfter};
  const {unknownWord, relocatedTo} = report;
  return {is: 'operation', operation: readOperation(report.operation), unknownWord, answer, retryAfter, relocatedTo};
}

function readAnswer(answer: Answer): Answer {
  return Object.freeze({...answer});
}

/** The value without what is `undefined`: some engines record it as `null`, some not at all, some refuse it. */
export function plain(value: unknown): RecordedJson {
  return JSON.parse(JSON.stringify(value)) as RecordedJson;
}

/** Whether a value that an engine gave back is an object. */
export function isRecord(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
