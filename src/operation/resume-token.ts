import type {Clock} from '../shared/clock.ts';
import type {Operation, OperationStatus} from './operation.ts';
import {type Answer, shiftTimes, type WatchState} from './state.ts';

/** The `kind` of a resume token, which distinguishes it from other JSON. */
export const tokenKind = 'operation-poller';
/** The version that is written and read. */
export const tokenVersion = 1;

/** An operation as JSON: its dates are strings. */
export type OperationJson = {
  readonly [Key in keyof Operation]: Operation[Key] extends Date | undefined ? string : Operation[Key];
};

/**
 * Everything needed to go on watching an operation, here or in another process: plain JSON, versioned. It holds no token,
 * password or header; but it holds the whole location, and a location on a foreign host can be a capability: whoever has
 * the resume token can then read the operation. Treat the contents as opaque.
 */
export interface ResumeToken {
  readonly kind: typeof tokenKind;
  readonly version: typeof tokenVersion;
  readonly location: string;
  readonly tokenOrigin: string;
  readonly protocol: string;
  readonly startedAt: number;
  readonly dueAt: number;
  readonly notBefore?: number;
  readonly deadlineAt?: number;
  readonly attempt: number;
  readonly failures?: number;
  readonly deferredAttempts?: number;
  readonly missingSince?: number;
  readonly operation?: OperationJson;
  readonly highestStatus?: OperationStatus;
  readonly unknownWords?: readonly string[];
  readonly observed: Readonly<Record<string, number>>;
  readonly changedAt: number;
  readonly lastSeenAt?: number;
  readonly stalled?: true;
  readonly resultLocation?: string | null;
  readonly endedAt?: number;
  readonly answer?: Answer;
  readonly abandoned?: string;
}

/** The resume token of a watch, its times converted from a clock to the wall clock, the only one that processes share. */
export function resumeTokenOf(state: WatchState, clock: Clock | undefined): ResumeToken {
  return writeResumeToken(shiftTimes(state, clock?.wallOffset() ?? 0));
}

type WritableToken = {-readonly [Name in keyof ResumeToken]: ResumeToken[Name]};

/** The fields of a state that are written as they are, where it has them. */
const optional = [
  'notBefore',
  'deadlineAt',
  'missingSince',
  'highestStatus',
  'lastSeenAt',
  'resultLocation',
  'endedAt',
  'answer',
  'abandoned',
] as const satisfies readonly (keyof ResumeToken)[];

/** Writes a state as a resume token. Fields that have their default value are left out. */
export function writeResumeToken(state: WatchState): ResumeToken {
  const {location, tokenOrigin, protocol, startedAt, dueAt, attempt, observed, changedAt} = state;
  const {failures, deferredAttempts, operation, unknownWords, stalled} = state;
  const token: WritableToken = {
    kind: tokenKind,
    version: tokenVersion,
    location,
    tokenOrigin,
    protocol,
    startedAt,
    dueAt,
    attempt,
    observed: {...observed},
    changedAt,
  };
  for (const name of optional) setField(token, name, state[name]);
  if (failures > 0) token.failures = failures;
  if (deferredAttempts > 0) token.deferredAttempts = deferredAttempts;
  if (operation !== undefined) token.operation = writeOperation(operation);
  if (unknownWords.length > 0) token.unknownWords = [...unknownWords];
  if (stalled) token.stalled = true;
  return token;
}

function setField<Name extends keyof ResumeToken>(
  token: WritableToken,
  name: Name,
  value: WritableToken[Name] | undefined,
): void {
  if (value !== undefined) token[name] = value;
}

/** Writes an operation as JSON. After a round trip through an XState snapshot its dates are strings already. */
export function writeOperation(operation: Operation): OperationJson {
  const {createdDateTime, lastActionDateTime} = operation;
  // Not by leaving the dates out of a copy first, which takes ten times as long.
  return Object.assign(
    {...operation},
    createdDateTime && {createdDateTime: writeDate(createdDateTime)},
    lastActionDateTime && {lastActionDateTime: writeDate(lastActionDateTime)},
  );
}

function writeDate(date: Date | string): string {
  return typeof date === 'string' ? date : date.toISOString();
}
