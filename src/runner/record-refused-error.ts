import {printable} from '../shared/printable.ts';

/**
 * No turn can be taken with a record: it is kept as it is, because another runner, with other protocols, another client or a
 * later version of this library, may be able to.
 */
export class RecordRefusedError extends Error {
  override readonly name = 'RecordRefusedError';
  /** The record's id, where it could be read. */
  readonly id: string | undefined;
  /**
   * `'invalidRecord'`: it is no record that this version can read; the message names the field. `'unknownProtocol'`: its protocol
   * is none of the library's, and none of `protocols`. `'foreignOrigin'`: no token of the client goes to its operation.
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
