import {type Check, isA} from '../shared/check-options.ts';
import {partsOf} from './client-parts.ts';

/** A check for an option that takes a client. */
export const isClient: Check = isA('a client of this package', (client) => partsOf(Object(client)) !== undefined);

/** @throws TypeError where options have both a client and an option that the client has itself */
export function checkOneTransport(options: {
  readonly client?: unknown;
  readonly token?: unknown;
  readonly http?: unknown;
}): void {
  if (options.client === undefined) return;
  for (const name of ['token', 'http'] as const) {
    if (options[name] !== undefined) throw new TypeError(`${name}: the client has its own; give one of the two`);
  }
}
