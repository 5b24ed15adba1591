import {readDateTime} from '../shared/date-time.ts';
import {deepFreeze} from '../shared/json.ts';
import {readLocation, redactLocation} from '../shared/location.ts';
import {InvalidResumeTokenError} from './errors.ts';
import {isOperationStatus, type Operation, statusRank} from './operation.ts';
import {type Answer, abandonReasons, type WatchState} from './state.ts';

const kind = 'operation-poller';
const version = 1;

/** An operation as JSON has it: its dates are texts. */
export type OperationJson = {
  readonly [Key in keyof Operation]: Operation[Key] extends Date | undefined ? string : Operation[Key];
};

/**
 * What it takes to go on watching an operation, here or in another process: plain JSON, versioned. There is no token,
 * password or header in it; but it holds the location whole, and a location on a foreign host can be a capability: who has
 * the resume token can read the operation. Treat what is inside as opaque.
 */
export interface ResumeToken {
  readonly kind: typeof kind;
  readonly version: typeof version;
  readonly location: string;
  readonly tokenOrigin: string;
  readonly protocol: string;
  readonly startedAt: number;
  readonly dueAt: number;
  readonly deadlineAt?: number;
  readonly attempt: number;
  readonly failures?: number;
  readonly deferredAttempts?: number;
  readonly missingSince?: number;
  readonly operation?: OperationJson;
  readonly reached: number;
  readonly unknownWords?: readonly string[];
  readonly observed: Readonly<Record<string, number>>;
  readonly changedAt: number;
  readonly lastSeenAt?: number;
  readonly stalled?: true;
  readonly endedAt?: number;
  readonly answer?: Answer;
  readonly abandoned?: string;
}

/** Writes a state as a resume token; what has its ordinary value is left out. */
export function writeResumeToken(state: WatchState): ResumeToken {
  const {location, tokenOrigin, protocol, startedAt, dueAt, attempt, reached, observed, changedAt} = state;
  const token: {-readonly [Key in keyof ResumeToken]: ResumeToken[Key]} = {
    kind,
    version,
    location,
    tokenOrigin,
    protocol,
    startedAt,
    dueAt,
    attempt,
    reached,
    observed: {...observed},
    changedAt,
  };
  if (state.deadlineAt !== undefined) token.deadlineAt = state.deadlineAt;
  if (state.failures > 0) token.failures = state.failures;
  if (state.deferredAttempts > 0) token.deferredAttempts = state.deferredAttempts;
  if (state.missingSince !== undefined) token.missingSince = state.missingSince;
  if (state.operation !== undefined) token.operation = operationJson(state.operation);
  if (state.unknownWords.length > 0) token.unknownWords = [...state.unknownWords];
  if (state.lastSeenAt !== undefined) token.lastSeenAt = state.lastSeenAt;
  if (state.stalled) token.stalled = true;
  if (state.endedAt !== undefined) token.endedAt = state.endedAt;
  if (state.answer !== undefined) token.answer = state.answer;
  if (state.abandoned !== undefined) token.abandoned = state.abandoned;
  return token;
}

/**
 * Reads a resume token, given as `toJSON()` made it or as JSON text.
 *
 * @throws InvalidResumeTokenError that says what is wrong: it may come from a database, a queue or a user's file
 */
export function readResumeToken(token: unknown): WatchState {
  const fields = asFields(typeof token === 'string' ? parse(token) : token, 'the token');
  if (fields['kind'] !== kind) throw invalid(`it is of another kind (${show(fields['kind'])}), expected ${show(kind)}`);
  if (fields['version'] !== version)
    throw invalid(`it has version ${show(fields['version'])}, this library reads ${version}`);
  check(fields, tokenFields, 'the token');
  const known = fields as unknown as ResumeToken;
  const operation = known.operation === undefined ? undefined : readOperationJson(known.operation);
  const {location, tokenOrigin, endedAt, abandoned} = known;
  const url = readLocation(location);
  if (url === undefined) throw invalid("the token's location is not an absolute http or https URL");
  const isHome = tokenOrigin === url.origin;
  if (!isHome && tokenOrigin !== '' && readLocation(tokenOrigin)?.origin !== tokenOrigin) {
    throw invalid("the token's tokenOrigin is not an origin or an empty text");
  }
  const ended = operation !== undefined && statusRank[operation.status] === 2;
  if ((endedAt !== undefined) !== (abandoned !== undefined || ended) || (abandoned !== undefined && ended)) {
    throw invalid('endedAt and the status do not agree');
  }
  return {
    location,
    redactedLocation: isHome ? location : redactLocation(location, tokenOrigin),
    tokenOrigin,
    protocol: known.protocol,
    startedAt: known.startedAt,
    dueAt: known.dueAt,
    deadlineAt: known.deadlineAt,
    attempt: known.attempt,
    failures: known.failures ?? 0,
    deferredAttempts: known.deferredAttempts ?? 0,
    missingSince: known.missingSince,
    operation,
    reached: known.reached,
    unknownWords: [...(known.unknownWords ?? [])],
    observed: {...known.observed},
    changedAt: known.changedAt,
    lastSeenAt: known.lastSeenAt,
    stalled: known.stalled ?? false,
    endedAt,
    answer: known.answer,
    // The check above has let only these through.
    abandoned: abandoned as WatchState['abandoned'],
  };
}

type Check = readonly [holds: (value: unknown) => boolean, takes: string, required?: 'required'];
type Checks = Readonly<Record<string, Check>>;

const aText = (value: unknown): boolean => typeof value === 'string';
const aTime = (value: unknown): boolean => Number.isFinite(value) && Math.abs(Number(value)) <= 8.64e15;
const aCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

const tokenFields: Checks = {
  kind: [aText, 'a text', 'required'],
  version: [aCount, 'a number', 'required'],
  location: [aText, 'an absolute http or https URL', 'required'],
  tokenOrigin: [aText, 'an origin or an empty text', 'required'],
  protocol: [aText, 'a text', 'required'],
  startedAt: [aTime, 'a time in milliseconds', 'required'],
  dueAt: [aTime, 'a time in milliseconds', 'required'],
  deadlineAt: [aTime, 'a time in milliseconds'],
  attempt: [aCount, 'a count', 'required'],
  failures: [aCount, 'a count'],
  deferredAttempts: [aCount, 'a count'],
  missingSince: [aTime, 'a time in milliseconds'],
  operation: [(value) => typeof value === 'object' && value !== null, 'an operation'],
  reached: [
    (value) => Number.isInteger(value) && Number(value) >= -1 && Number(value) <= 2,
    'a rank from -1 to 2',
    'required',
  ],
  unknownWords: [(value) => Array.isArray(value) && value.every(aText), 'a list of texts'],
  observed: [isHistogram, 'counts', 'required'],
  changedAt: [aTime, 'a time in milliseconds', 'required'],
  lastSeenAt: [aTime, 'a time in milliseconds'],
  stalled: [(value) => value === true, 'true'],
  endedAt: [aTime, 'a time in milliseconds'],
  answer: [isAnswer, 'the head of an answer'],
  abandoned: [(value) => typeof value === 'string' && abandonReasons.has(value), 'a reason'],
};

const operationFields: Checks = {
  id: [aText, 'a text'],
  status: [isOperationStatus, 'a status', 'required'],
  rawStatus: [aText, 'a text', 'required'],
  createdDateTime: [aText, 'a date'],
  lastActionDateTime: [aText, 'a date'],
  statusDetail: [aText, 'a text'],
  percentComplete: [(value) => Number.isFinite(value), 'a number'],
  resourceLocation: [aText, 'a text'],
  result: [() => true, 'anything'],
  error: [isFault, 'a code and a message'],
  raw: [(value) => value !== undefined, 'a body', 'required'],
};

const answerFields: Checks = {
  httpStatus: [aCount, 'a number', 'required'],
  requestId: [aText, 'a text'],
  clientRequestId: [aText, 'a text', 'required'],
  date: [aText, 'a text'],
};

function check(fields: Readonly<Record<string, unknown>>, checks: Checks, where: string): void {
  for (const name of Object.keys(fields)) {
    if (!Object.hasOwn(checks, name)) throw invalid(`${where} has a foreign key, ${show(name)}`);
  }
  for (const [name, [holds, takes, required]] of Object.entries(checks)) {
    const value = fields[name];
    if (value === undefined && required === undefined) continue;
    if (!holds(value)) throw invalid(`${where}'s ${name} is not ${takes}`);
  }
}

function isHistogram(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(aCount);
}

function isAnswer(value: unknown): boolean {
  check(asFields(value, 'its answer'), answerFields, 'its answer');
  return true;
}

function isFault(value: unknown): boolean {
  check(asFields(value, "its operation's error"), {code: [aText, 'a text'], message: [aText, 'a text']}, 'its error');
  return true;
}

/** An operation as JSON has it. One that went through JSON as part of an XState snapshot has texts for dates already. */
export function operationJson(operation: Operation): OperationJson {
  const {createdDateTime, lastActionDateTime, ...rest} = operation;
  return {
    ...rest,
    ...(createdDateTime === undefined ? {} : {createdDateTime: dateText(createdDateTime)}),
    ...(lastActionDateTime === undefined ? {} : {lastActionDateTime: dateText(lastActionDateTime)}),
  };
}

function dateText(date: Date | string): string {
  return typeof date === 'string' ? date : date.toISOString();
}

/**
 * Reads an operation that {@link operationJson} wrote.
 *
 * @throws InvalidResumeTokenError when it is none
 */
export function readOperationJson(value: unknown): Operation {
  const fields = asFields(value, 'its operation');
  check(fields, operationFields, 'its operation');
  const operation: Record<string, unknown> = {...fields, id: fields['id']};
  for (const date of ['createdDateTime', 'lastActionDateTime']) {
    if (fields[date] === undefined) continue;
    const read = readDateTime(fields[date]);
    if (read === undefined) throw invalid(`its operation's ${date} is not a date`);
    operation[date] = read;
  }
  for (const inner of [fields['raw'], fields['result'], fields['error']]) {
    if (typeof inner === 'object' && inner !== null && !deepFreeze(inner))
      throw invalid('its operation is nested too deeply');
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

function asFields(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`${where} is not an object`);
  return value as Readonly<Record<string, unknown>>;
}

// A short text at the most: what is wrong with a token must not carry the token's content into a log.
function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function invalid(why: string): InvalidResumeTokenError {
  return new InvalidResumeTokenError(`Invalid resume token: ${why}`);
}
