import {isObject} from '../shared/json.ts';
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
  const {status = [], words = {}} = definition;
  const copy = frozenCopy<Protocol<Result>>({...definition, status, words});
  defined.add(copy);
  return copy;
}

// A defined protocol keeps its identity where another one contains it.
const defined = new WeakSet<object>();

function frozenCopy<T>(value: T): T {
  if (!isObject(value) || defined.has(value)) return value;
  const copy = Array.isArray(value)
    ? value.map(frozenCopy)
    : Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, frozenCopy(inner)]));
  return Object.freeze(copy) as T;
}
