import {describeValue, expected, isPlainObject, ownProperties} from '../shared/check-options.ts';
import {isRecord} from '../shared/json.ts';
import {checkProtocol} from './check.ts';
import type {Protocol, ProtocolDefinition} from './protocol.ts';

/**
 * Defines a protocol for {@link pollOperation}'s `protocol` option.
 *
 * @typeParam Result the type of the operation's result, which nobody checks
 * @param definition what the service's responses look like; a word that maps to no status does not compile
 * @returns a checked and frozen copy
 * @throws TypeError or RangeError that names the field, its value and what is expected
 *
 * @example
 * ```ts
 * const renders = protocols.define({
 *   name: 'renders',
 *   status: '/state',
 *   words: {queued: 'notStarted', rendering: 'running', done: 'succeeded', broken: 'failed'},
 *   percentComplete: '/progress',
 *   result: '/image',
 * });
 * ```
 */
/* @__NO_SIDE_EFFECTS__ */ export function defineProtocol<Result = unknown>(
  definition: ProtocolDefinition<Result>,
): Protocol<Result> {
  checkProtocol(definition);
  return definePreset(definition);
}

/**
 * Defines a protocol of this library. That it is valid is for the tests to check: here each program would check all of them while
 * it loads.
 */
/* @__NO_SIDE_EFFECTS__ */ export function definePreset<Result = unknown>(
  definition: ProtocolDefinition<Result>,
): Protocol<Result> {
  const {status = [], words = {}} = ownProperties(definition);
  const protocol: unknown = frozenCopy({...definition, status, words});
  checkDefined<Result>(protocol);
  return protocol;
}

// Marks what was checked and copied here. It is not enumerable, so that a spread has no mark, and it is the same in all copies of this
// package, of which a program may have two.
const defined = Symbol.for('operation-poller.protocol');

function isDefined(value: unknown): boolean {
  return Object.hasOwn(Object(value), defined);
}

/** Refuses as a protocol what {@link defineProtocol} has not made. @throws TypeError */
export function checkDefined<Result>(value: unknown): asserts value is Protocol<Result> {
  if (isDefined(value) && isRecord(value) && Object.hasOwn(value, 'name')) return;
  const takes = 'a protocol such as protocols.longRunning or what protocols.define returns';
  throw expected('protocol', takes, describeValue(value));
}

/** A frozen copy of a protocol or a part of one. It inherits nothing, so what is read from it was defined. */
function frozenCopy(value: unknown): unknown {
  const isList = Array.isArray(value);
  if (!(isList || isPlainObject(value)) || isDefined(value)) return value;
  const copy = isList ? [...value] : ownProperties(value);
  for (const [name, inner] of Object.entries(copy)) Reflect.set(copy, name, frozenCopy(inner));
  return Object.freeze(Object.defineProperty(copy, defined, {}));
}
