import {printable} from '../shared/printable.ts';

/**
 * This runner cannot take a turn of a record. Keep the record: another runner, with other protocols, another client or a later
 * version of this library, may be able to.
 */
export class RecordRefusedError extends Error {
  override readonly name = 'RecordRefusedError';
  /** The record's id, where it could be read. */
  readonly id: string | undefined;
  /**
   * `'invalidRecord'`: this version cannot read it; the message names the field. `'unknownProtocol'`: neither the library nor
   * `protocols` has its protocol. `'foreignOrigin'`: its operation is on an origin that the client's token is not
   * sent to, or to which it would go unencrypted, or one of its URLs needs a key that is none of the client's headers.
   */
  readonly reason: 'invalidRecord' | 'unknownProtocol' | 'foreignOrigin';
  /** What is wrong, as in the message. */
  readonly why: string;

  constructor(why: string, id: string | undefined, reason: RecordRefusedError['reason'], cause?: unknown) {
    const which = id === undefined ? 'A record' : `The record ${id.slice(0, 80)}`;
    super(printable(`${which} was refused: ${why}`), cause === undefined ? undefined : {cause});
    this.id = id;
    this.reason = reason;
    this.why = printable(why);
  }
}
