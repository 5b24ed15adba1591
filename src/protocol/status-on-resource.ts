import {checkBoolean, checkIsObject, expected, ownProperties} from '../shared/check-options.ts';
import {defineProtocol} from './define-protocol.ts';
import {type JsonPointers, ownProperty} from './pointer.ts';
import type {Protocol, ProtocolFields} from './protocol.ts';

/** How the status of an operation is shown on the resource that it affects. */
export interface StatusOnResource extends Omit<ProtocolFields, 'status' | 'notFoundSucceeds'> {
  /** Where to find the status word. Default `/status`. */
  readonly status?: JsonPointers;
  /**
   * Whether the operation is the deletion of the resource. It succeeds when the resource is gone, which is HTTP 404 or 410,
   * and runs as long as the resource exists, unless its word is one of `words`. Default `false`.
   */
  readonly deletion?: boolean;
}

/**
 * A protocol for operations without a resource of their own, whose status is a field of the resource that is created,
 * changed or deleted: Graph's [RELO
 * pattern](https://github.com/microsoft/api-guidelines/blob/vNext/graph/patterns/long-running-operations.md). The
 * result is the resource.
 *
 * @param given where to find the status and what its words mean; all fields of a protocol are accepted
 * @throws TypeError or RangeError that names the field, its value and what is expected
 *
 * @example
 * ```ts
 * const databases = protocols.statusOnResource({name: 'databases', words: {provisioning: 'running', succeeded: 'succeeded'}});
 * const databaseDeletions = protocols.statusOnResource({name: 'databaseDeletions', words: {}, deletion: true});
 * ```
 */
export function statusOnResource(given: StatusOnResource): Protocol {
  checkIsObject('resource', given, 'an object with a name and words');
  const {deletion = false, ...others} = ownProperties(given);
  checkBoolean('protocol.deletion', deletion);
  // What is left of it has a prototype again.
  const resource = ownProperties(others);
  // A spread may have it: false, as `deletion` is by default, or that of another deletion.
  if (!deletion && ownProperty(resource, 'notFoundSucceeds') === true)
    throw expected('protocol.deletion', 'true beside notFoundSucceeds', 'false');
  const {status = '/status', result = '', resultLocation = []} = resource;
  const protocol: ProtocolFields = {...resource, status, result, resultLocation, notFoundSucceeds: deletion};
  if (!deletion) return defineProtocol(protocol);
  const {otherWords = 'running', withoutStatus = 'running'} = resource;
  return defineProtocol({...protocol, otherWords, withoutStatus});
}
