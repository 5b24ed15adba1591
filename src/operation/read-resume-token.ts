import {describeValue, ownProperties} from '../shared/check-options.ts';
import {readDateTime} from '../shared/date-time.ts';
import {deepFreeze, type Fields, isObject, isRecord} from '../shared/json.ts';
import {readLocation, redactLocation} from '../shared/location.ts';
import {InvalidResumeTokenError} from './errors.ts';
import {isOperationStatus, type Operation, statusRank} from './operation.ts';
import {type ResumeToken, tokenKind, tokenVersion} from './resume-token.ts';
import {abandonReasons, type WatchState} from './state.ts';

/**
 * Reads a resume token, given as `toJSON()` made it or as JSON text.
 *
 * @throws InvalidResumeTokenError that says what is wrong: the token may come from a database, a queue or a user's file
 */
export function readResumeToken(token: unknown): WatchState {
  const fields = asFields(typeof token === 'string' ? parse(token) : token, 'the token');
  const {kind, version} = fields;
  if (kind !== tokenKind) throw invalid(`its kind is ${describe(kind)}, not ${describe(tokenKind)}`);
  if (version !== tokenVersion) {
    throw invalid(`it has version ${describe(version)}, this library reads version ${tokenVersion}`);
  }
  checkFields(fields, tokenFields, 'the token');
  // Every field has been checked by now.
  const known = fields as unknown as ResumeToken;
  const operation = known.operation === undefined ? undefined : readOperation(known.operation);
  const {location, tokenOrigin, endedAt, abandoned} = known;
  const url = readLocation(location);
  if (url === undefined) throw invalid("the token's location is not an absolute http or https URL");
  const isAtTokenOrigin = tokenOrigin === url.origin;
  if (!isAtTokenOrigin && tokenOrigin !== '' && readLocation(tokenOrigin)?.origin !== tokenOrigin) {
    throw invalid("the token's tokenOrigin is not an origin or an empty string");
  }
  const hasEnded = operation !== undefined && statusRank[operation.status] === 2;
  if ((endedAt !== undefined) !== (abandoned !== undefined || hasEnded) || (abandoned !== undefined && hasEnded)) {
    throw invalid('endedAt and the status do not agree');
  }
  return {
    location,
    redactedLocation: isAtTokenOrigin ? location : redactLocation(location, tokenOrigin),
    tokenOrigin,
    protocol: known.protocol,
    startedAt: known.startedAt,
    dueAt: known.dueAt,
    notBefore: known.notBefore,
    deadlineAt: known.deadlineAt,
    attempt: known.attempt,
    failures: known.failures ?? 0,
    deferredAttempts: known.deferredAttempts ?? 0,
    missingSince: known.missingSince,
    operation,
    highestStatus: known.highestStatus,
    unknownWords: [...(known.unknownWords ?? [])],
    observed: {...known.observed},
    changedAt: known.changedAt,
    lastSeenAt: known.lastSeenAt,
    stalled: known.stalled ?? false,
    resultLocation: known.resultLocation,
    endedAt,
    answer: known.answer,
    // checkFields has let only these through.
    abandoned: abandoned as WatchState['abandoned'],
  };
}

type FieldCheck = readonly [isValid: (value: unknown) => boolean, takes: string, required?: 'required'];

/** The checks of an object's fields: in a map, because a queue reads a token at each poll. */
interface FieldChecks {
  readonly byName: ReadonlyMap<string, FieldCheck>;
  readonly required: readonly string[];
}

const isString = (value: unknown): boolean => typeof value === 'string';
const isTime = (value: unknown): boolean => Number.isFinite(value) && Math.abs(Number(value)) <= 8.64e15;

/** The largest count. It is its own successor in floating point, so that counting on never leads to a count that is refused. */
export const largestCount: number = 2 ** 53;
const isCount = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= largestCount;

const tokenFields: FieldChecks = checksOf({
  kind: [isString, 'a string', 'required'],
  version: [isCount, 'a number', 'required'],
  location: [isString, 'an absolute http or https URL', 'required'],
  tokenOrigin: [isString, 'an origin or an empty string', 'required'],
  protocol: [isString, 'a string', 'required'],
  startedAt: [isTime, 'a time in milliseconds', 'required'],
  dueAt: [isTime, 'a time in milliseconds', 'required'],
  notBefore: [isTime, 'a time in milliseconds'],
  deadlineAt: [isTime, 'a time in milliseconds'],
  attempt: [isCount, 'a count', 'required'],
  failures: [isCount, 'a count'],
  deferredAttempts: [isCount, 'a count'],
  missingSince: [isTime, 'a time in milliseconds'],
  operation: [isObject, 'an operation'],
  highestStatus: [isOperationStatus, 'a status'],
  unknownWords: [(value) => Array.isArray(value) && value.every(isString), 'a list of strings'],
  observed: [isObserved, 'counts', 'required'],
  changedAt: [isTime, 'a time in milliseconds', 'required'],
  lastSeenAt: [isTime, 'a time in milliseconds'],
  stalled: [(value) => value === true, 'true'],
  resultLocation: [isResultLocation, 'an absolute http or https URL or null'],
  endedAt: [isTime, 'a time in milliseconds'],
  answer: [isAnswer, 'the head of an answer'],
  abandoned: [(value) => typeof value === 'string' && abandonReasons.has(value), 'a reason'],
});

const operationFields: FieldChecks = checksOf({
  id: [isString, 'a string'],
  status: [isOperationStatus, 'a status', 'required'],
  rawStatus: [isString, 'a string', 'required'],
  createdDateTime: [isString, 'a date'],
  lastActionDateTime: [isString, 'a date'],
  statusDetail: [isString, 'a string'],
  percentComplete: [(value) => Number.isFinite(value), 'a number'],
  resourceLocation: [isString, 'a string'],
  result: [() => true, 'anything'],
  error: [isErrorObject, 'a code and a message'],
  raw: [(value) => value !== undefined, 'a body', 'required'],
});

const answerFields: FieldChecks = checksOf({
  httpStatus: [isCount, 'a number', 'required'],
  requestId: [isString, 'a string'],
  clientRequestId: [isString, 'a string', 'required'],
  date: [isString, 'a string'],
});

const errorFields: FieldChecks = checksOf({code: [isString, 'a string'], message: [isString, 'a string']});

/* @__NO_SIDE_EFFECTS__ */ function checksOf(checks: Readonly<Record<string, FieldCheck>>): FieldChecks {
  const required = Object.keys(checks).filter((name) => checks[name]?.[2] === 'required');
  return {byName: new Map(Object.entries(checks)), required};
}

/** @param fields its own properties alone */
function checkFields(fields: Fields, {byName, required}: FieldChecks, where: string): void {
  for (const name of required) if (fields[name] === undefined) throw wrongField(name, byName.get(name), where);
  for (const name of Object.keys(fields)) {
    const check = byName.get(name);
    if (check === undefined) throw invalid(`${where} has an unknown field, ${describe(name)}`);
    const value = fields[name];
    if (value !== undefined && !check[0](value)) throw wrongField(name, check, where);
  }
}

function wrongField(name: string, check: FieldCheck | undefined, where: string): InvalidResumeTokenError {
  return invalid(`${where}'s ${name} is not ${check?.[1]}`);
}

function isObserved(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every(isCount);
}

function isResultLocation(value: unknown): boolean {
  return value === null || (typeof value === 'string' && readLocation(value) !== undefined);
}

function isAnswer(value: unknown): boolean {
  checkFields(asFields(value, 'its answer'), answerFields, 'its answer');
  return true;
}

function isErrorObject(value: unknown): boolean {
  checkFields(asFields(value, "its operation's error"), errorFields, 'its error');
  return true;
}

/**
 * Reads an operation that `writeOperation` wrote.
 *
 * @throws InvalidResumeTokenError when the value is not an operation
 */
export function readOperation(value: unknown): Operation {
  const fields = asFields(value, 'its operation');
  checkFields(fields, operationFields, 'its operation');
  const operation: Record<string, unknown> = {id: undefined, ...fields};
  for (const date of ['createdDateTime', 'lastActionDateTime']) {
    if (fields[date] === undefined) continue;
    const read = readDateTime(fields[date]);
    if (read === undefined) throw invalid(`its operation's ${date} is not a date`);
    operation[date] = read;
  }
  for (const inner of [fields['raw'], fields['result'], fields['error']]) {
    if (!deepFreeze(inner)) throw invalid('its operation is nested too deeply');
  }
  return Object.freeze(operation) as unknown as Operation;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('it is not JSON; was it truncated?');
  }
}

function asFields(value: unknown, where: string): Fields {
  if (!isRecord(value)) throw invalid(`${where} is not an object`);
  return ownProperties(value);
}

// A short string at most: what is wrong with a token must not carry the token's content into a log.
function describe(value: unknown): string {
  return describeValue(typeof value === 'string' ? value.slice(0, 40) : value);
}

function invalid(why: string): InvalidResumeTokenError {
  return new InvalidResumeTokenError(`Invalid resume token: ${why}`);
}
