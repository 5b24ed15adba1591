import {messageOf} from '../shared/describe-error.ts';
import {redactKey} from '../shared/location.ts';
import {printable} from '../shared/printable.ts';

/** What went wrong in a tracker, and ended neither a watch nor the process. */
export class TrackerError extends Error {
  override readonly name = 'TrackerError';
  /**
   * `'store'`: the store has rejected; reads and writes are repeated. `'onEnd'`: it has rejected, and is called again. `'record'`: no
   * turn of this tracker can use the record, see `RecordRefusedError`; it stays in the store as it is. `'turn'`: anything else that a
   * turn throws; it is taken again.
   */
  readonly reason: 'store' | 'onEnd' | 'record' | 'turn';
  readonly #key: string | undefined;

  /** @internal Made by the tracker. */
  constructor(reason: TrackerError['reason'], what: string, key: string | undefined, cause: unknown) {
    super(printable(`${what}${showKey(key)}: ${describe(cause)}`), {cause});
    this.reason = reason;
    this.#key = key;
  }

  /** Which operation; `undefined`: all. Printing the error does not show it, because a location can be a capability. */
  get key(): string | undefined {
    return this.#key;
  }
}

function showKey(key: string | undefined): string {
  return key === undefined ? '' : ` ${redactKey(key, '').slice(0, 300)}`;
}

function describe(cause: unknown): string {
  return typeof cause === 'string' ? cause : messageOf(cause, 'no reason was given');
}
