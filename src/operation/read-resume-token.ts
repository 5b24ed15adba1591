import {describeValue, ownProperties} from '../shared/check-options.ts';
import {readDateTime} from '../shared/date-time.ts';
import {deepFreeze, type Fields, isObject, isRecord} from '../shared/json.ts';
import {isLocation, readLocation, redactLocation} from '../shared/location.ts';
import {InvalidResumeTokenError} from './errors.ts';
import {hasEnded, isOperationStatus, type Operation} from './operation.ts';
import {tokenKind, tokenVersion} from './resume-token.ts';
import {abandonReasons, copyOf, type WatchState} from './state.ts';

/**
 * Reads a resume token, given as `toJSON()` made it or as JSON text.
 *
 * @throws InvalidResumeTokenError that says what is wrong: the token may come from a database, a queue or a user's file
 */
export function readResumeToken(token: unknown): WatchState {
  const fields = fieldsOf(typeof token === 'string' ? parse(token) : token, tokenFields);
  const {kind, version} = fields;
  if (kind !== tokenKind) throw invalid(`its kind is ${describe(kind)}, not ${describe(tokenKind)}`);
  if (version !== tokenVersion) {
    throw invalid(`it has version ${describe(version)}, this library reads version ${tokenVersion}`);
  }
  checkFields(fields, tokenFields);
  // A token has the fields of a state, which have been checked by now; what it says in another way, or leaves out, is changed below.
  const known = fields as unknown as WatchState;
  const {location, tokenOrigin, failures = 0, deferredAttempts = 0, unknownWords = [], stalled = false} = known;
  const {observed, endedAt, answer, abandoned} = known;
  if (answer !== undefined) readFields(answer, answerFields);
  const operation = known.operation && readOperation(known.operation);
  // With something behind it, so that it has to be a URL as it stands, and not only where a header may repeat it.
  const url = readLocation(`${location}#`);
  if (url === undefined) throw wrongField('location', tokenFields);
  const isAtTokenOrigin = tokenOrigin === url.origin;
  if (!isAtTokenOrigin && tokenOrigin !== '' && readLocation(tokenOrigin)?.origin !== tokenOrigin) {
    throw wrongField('tokenOrigin', tokenFields);
  }
  const isAtEnd = operation !== undefined && hasEnded(operation);
  if ((endedAt !== undefined) !== (abandoned !== undefined || isAtEnd) || (abandoned !== undefined && isAtEnd)) {
    throw invalid('endedAt and the status do not agree');
  }
  return Object.assign(copyOf(known), {
    redactedLocation: isAtTokenOrigin ? location : redactLocation(location, tokenOrigin),
    failures,
    deferredAttempts,
    operation,
    unknownWords: [...unknownWords],
    observed: {...observed},
    stalled,
  });
}

type FieldCheck = readonly [isValid: (value: unknown) => boolean, takes: string];

/** The checks of an object's fields: in a map, because a queue reads a token at each poll. */
interface FieldChecks {
  /** What messages call the object. */
  readonly object: string;
  readonly byName: ReadonlyMap<string, FieldCheck>;
  readonly required: readonly string[];
}

/** The largest count. It is its own successor in floating point, so that counting on never leads to a count that is refused. */
export const largestCount: number = 2 ** 53;
const isString = (value: unknown): boolean => typeof value === 'string';
const isCount = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= largestCount;

const anything = (): boolean => true;
const aString: FieldCheck = [isString, 'a string'];
const aCount: FieldCheck = [isCount, 'a count'];
const aNumber: FieldCheck = [isCount, 'a number'];
const aStatus: FieldCheck = [isOperationStatus, 'a status'];
const aDate: FieldCheck = [isString, 'a date'];
const aTime: FieldCheck = [
  (value) => typeof value === 'number' && Math.abs(value) <= 8.64e15,
  'a time in milliseconds',
];

const tokenFields: FieldChecks = checksOf(
  'the token',
  {
    kind: aString,
    version: aNumber,
    location: [isString, 'an absolute http or https URL'],
    tokenOrigin: [isString, 'an origin or an empty string'],
    protocol: aString,
    startedAt: aTime,
    dueAt: aTime,
    attempt: aCount,
    observed: [(value) => isRecord(value) && Object.values(value).every(isCount), 'counts'],
    changedAt: aTime,
  },
  {
    notBefore: aTime,
    deadlineAt: aTime,
    failures: aCount,
    deferredAttempts: aCount,
    missingSince: aTime,
    operation: [isObject, 'an operation'],
    highestStatus: aStatus,
    unknownWords: [(value) => Array.isArray(value) && value.every(isString), 'a list of strings'],
    lastSeenAt: aTime,
    stalled: [(value) => value === true, 'true'],
    resultLocation: [(value) => value === null || isLocation(value), 'an absolute http or https URL or null'],
    endedAt: aTime,
    answer: [anything, 'the head of an answer'],
    abandoned: [(value) => typeof value === 'string' && abandonReasons.has(value), 'a reason'],
  },
);

const operationFields: FieldChecks = checksOf(
  'its operation',
  {status: aStatus, rawStatus: aString, raw: [anything, 'a body']},
  {
    id: aString,
    createdDateTime: aDate,
    lastActionDateTime: aDate,
    statusDetail: aString,
    percentComplete: [Number.isFinite, 'a number'],
    resourceLocation: aString,
    result: [anything, 'anything'],
    error: [isRecord, 'an object'],
  },
);

const answerFields: FieldChecks = checksOf(
  'its answer',
  {httpStatus: aNumber, clientRequestId: aString},
  {requestId: aString, date: aString},
);

const errorFields: FieldChecks = checksOf('its error', {}, {code: aString, message: aString});

/* @__NO_SIDE_EFFECTS__ */ function checksOf(
  object: string,
  required: Readonly<Record<string, FieldCheck>>,
  optional: Readonly<Record<string, FieldCheck>>,
): FieldChecks {
  return {object, byName: new Map(Object.entries({...required, ...optional})), required: Object.keys(required)};
}

/** An object's own properties, all of them checked. */
function readFields(value: unknown, checks: FieldChecks): Fields {
  return checkFields(fieldsOf(value, checks), checks);
}

/** An object's own properties, which are still to be checked. */
function fieldsOf(value: unknown, {object}: FieldChecks): Fields {
  if (!isRecord(value)) throw invalid(`${object} is not an object`);
  return ownProperties(value);
}

/** @param fields its own properties alone */
function checkFields(fields: Fields, checks: FieldChecks): Fields {
  const {object, byName, required} = checks;
  for (const name of required) if (fields[name] === undefined) throw wrongField(name, checks);
  for (const name of Object.keys(fields)) {
    const check = byName.get(name);
    if (check === undefined) throw invalid(`${object} has an unknown field, ${describe(name)}`);
    const value = fields[name];
    if (value !== undefined && !check[0](value)) throw wrongField(name, checks);
  }
  return fields;
}

function wrongField(name: string, {object, byName}: FieldChecks): InvalidResumeTokenError {
  return invalid(`${object}'s ${name} is not ${byName.get(name)?.[1]}`);
}

/**
 * Reads an operation that `writeOperation` wrote.
 *
 * @throws InvalidResumeTokenError when the value is not an operation
 */
export function readOperation(value: unknown): Operation {
  const fields = readFields(value, operationFields);
  const {raw, result, error} = fields;
  if (error !== undefined) readFields(error, errorFields);
  const operation: Record<string, unknown> = {id: undefined, ...fields};
  for (const date of ['createdDateTime', 'lastActionDateTime']) {
    if (fields[date] === undefined) continue;
    operation[date] = readDateTime(fields[date]);
    if (operation[date] === undefined) throw wrongField(date, operationFields);
  }
  for (const inner of [raw, result, error]) {
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

// A short string at most: what is wrong with a token must not carry the token's content into a log.
function describe(value: unknown): string {
  return describeValue(typeof value === 'string' ? value.slice(0, 40) : value);
}

function invalid(why: string): InvalidResumeTokenError {
  return new InvalidResumeTokenError(`Invalid resume token: ${why}`);
}
