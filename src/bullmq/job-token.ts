import {type OperationJson, type ResumeToken, tokenKind, tokenVersion} from '../operation/resume-token.ts';
import {commonDateTime, readDateTime} from '../shared/date-time.ts';
import {isRecord} from '../shared/json.ts';

/** The fields of an operation that are usually copies: of its body's fields, or of its status. */
type Copied = 'id' | 'rawStatus' | 'createdDateTime' | 'lastActionDateTime';
/** The fields of a token that can usually be read from the others. */
type Derived = 'kind' | 'version' | 'tokenOrigin' | 'highestStatus' | 'lastSeenAt';

/** An operation, without what its `raw` body says in the same words. `null`: it has no such field, although the body does. */
type JobOperation = Omit<OperationJson, Copied> & {readonly [Name in Copied]?: string | null | undefined};

/** A resume token as a job holds it: without what can be read from the rest. Redis holds a hundred thousand of these. */
export type JobToken = Omit<ResumeToken, Derived | 'operation'> &
  Partial<Pick<ResumeToken, Derived>> & {readonly operation?: JobOperation};

export function writeJobToken(token: ResumeToken): JobToken {
  const {kind, version, tokenOrigin, highestStatus, lastSeenAt, operation, ...rest} = token;
  return {
    ...(tokenOrigin === originOf(rest.location) ? {} : {tokenOrigin}),
    ...(highestStatus === undefined || highestStatus === operation?.status ? {} : {highestStatus}),
    ...(lastSeenAt === undefined || lastSeenAt === rest.changedAt ? {} : {lastSeenAt}),
    ...(operation === undefined ? {} : {operation: writeOperation(operation)}),
    ...rest,
  };
}

/** Reads what {@link writeJobToken} wrote. Anything else, which others may have written to Redis, is left to `readResumeToken`. */
export function readJobToken(token: JobToken): ResumeToken | undefined {
  if (!isRecord(token) || typeof token.location !== 'string') return undefined;
  const {operation, ...rest} = token;
  const {location, changedAt} = rest;
  const tokenOrigin = originOf(location);
  // What is stored comes last: to add fields to a copy of it takes ten times as long.
  if (operation === undefined) return {kind: tokenKind, version: tokenVersion, tokenOrigin, ...rest};
  if (!isRecord(operation)) return undefined;
  return {
    kind: tokenKind,
    version: tokenVersion,
    tokenOrigin,
    highestStatus: operation.status,
    lastSeenAt: changedAt,
    operation: readOperation(operation),
    ...rest,
  };
}

function writeOperation(operation: OperationJson): JobOperation {
  const copies = copiesOf(operation);
  const written = (name: Copied): string | null | undefined =>
    operation[name] === copies[name] ? undefined : (operation[name] ?? null);
  return {
    ...operation,
    id: written('id'),
    rawStatus: written('rawStatus'),
    createdDateTime: written('createdDateTime'),
    lastActionDateTime: written('lastActionDateTime'),
  };
}

function readOperation(operation: JobOperation): OperationJson {
  const {id, rawStatus, createdDateTime, lastActionDateTime, ...rest} = operation;
  const copies = copiesOf(operation);
  /** The stored value, or the copy where none is stored. `null` stands for no value. */
  const read = (stored: string | null | undefined, copy: string | undefined): string | undefined =>
    stored === undefined ? copy : (stored ?? undefined);
  const created = read(createdDateTime, copies.createdDateTime);
  const lastAction = read(lastActionDateTime, copies.lastActionDateTime);
  return {
    id: read(id, copies.id),
    rawStatus: read(rawStatus, copies.rawStatus) ?? '',
    ...(created === undefined ? {} : {createdDateTime: created}),
    ...(lastAction === undefined ? {} : {lastActionDateTime: lastAction}),
    ...rest,
  };
}

/** What these fields usually are: the body's of the same name, and the status. */
function copiesOf({raw, status}: Pick<JobOperation, 'raw' | 'status'>): Readonly<Record<Copied, string | undefined>> {
  const body = isRecord(raw) ? raw : {};
  return {
    id: typeof body['id'] === 'string' ? body['id'] : undefined,
    rawStatus: status,
    createdDateTime: isoDate(body['createdDateTime']),
    lastActionDateTime: isoDate(body['lastActionDateTime']),
  };
}

/** A date as `toISOString()` writes it. Usually not by parsing, which would take a tenth of a poll's time. */
function isoDate(value: unknown): string | undefined {
  if (typeof value !== 'string' || !commonDateTime.test(value)) return readDateTime(value)?.toISOString();
  return value.length === 20 ? `${value.slice(0, -1)}.000Z` : value;
}

/** The origin of a location, unless it is written in an unusual way. */
function originOf(location: string): string {
  return location.slice(0, location.indexOf('/', location.indexOf('//') + 2));
}
