import {isPlainObject, ownProperties} from '../shared/check-options.ts';
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
  return frozenCopy<Protocol<Result>>({...definition, status, words});
}

// A copy keeps its identity, also where another protocol contains it.
const copies = new WeakSet<object>();

/** A frozen copy of a protocol or a part of one. It inherits nothing, so what is read from it was defined. */
export function frozenCopy<T>(value: T): T {
  const isList = Array.isArray(value);
  if (!(isList || isPlainObject(value)) || copies.has(value)) return value;
  const copy = isList ? [...value] : ownProperties(value);
  for (const [name, inner] of Object.entries(copy)) Reflect.set(copy, name, frozenCopy(inner));
  copies.add(copy);
  return Object.freeze(copy) as T;
}
