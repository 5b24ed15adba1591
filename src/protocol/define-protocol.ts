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
  const protocol = definePreset(completeWithin({...definition, status, words}), compileFields);
  // What a getter or a proxy returns need not be the same again: what was copied counts.
  checkProtocol(protocol);
  return protocol;
}

/**
 * A protocol whose `locationOnly` and `resource`, which are of the same service, send the token as it does where they don't say how. Such a
 * one gets a name of its own, because resume tokens and records know a protocol by its name; and so does one that has this one's name.
 *
 * @param given the name of the outermost one, which a spread may have brought along
 */
function completeWithin<Fields extends ProtocolDefinition>(protocol: Fields, given = protocol.name): Fields {
  const {name, authorization, locationOnly, resource} = ownProperties(protocol);
  const complete = (field: string, inner: ProtocolDefinition): ProtocolDefinition => {
    const own = ownProperties(inner);
    const sendsAsThis = authorization !== undefined && own.authorization === undefined;
    if (!sendsAsThis && own.name !== given) return inner;
    return completeWithin({...inner, name: `${name}.${field}`, ...(sendsAsThis && {authorization})}, given);
  };
  return {
    ...protocol,
    ...(locationOnly && {locationOnly: complete('locationOnly', locationOnly)}),
    ...(resource && {resource: complete('resource', resource)}),
  };
}
