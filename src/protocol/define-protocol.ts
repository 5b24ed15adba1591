import {ownProperties} from '../shared/check-options.ts';
import {checkProtocol} from './check.ts';
import {compileFields} from './compile-fields.ts';
import {definePreset} from './define-preset.ts';
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
  const {status = [], words = {}} = ownProperties(definition);
  const protocol = definePreset({...definition, status, words}, compileFields);
  // What a getter or a proxy returns need not be the same again: what was copied counts.
  checkProtocol(protocol);
  return protocol;
}
