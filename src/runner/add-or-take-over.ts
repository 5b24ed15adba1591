import type {ResumeToken} from '../operation/resume-token.ts';
import {OperationPoller} from '../poller.ts';
import type {Protocol} from '../protocol/protocol.ts';
import {markTakenOver} from './taken-over.ts';

/**
 * Adds an operation. What a poller watches is taken over: the poller stops once that has been added; it goes on if adding fails, and
 * where the key is that of another operation.
 *
 * @param source where the operation is, or what to go on from
 * @param add adds the operation of a location or a resume token; `protocol` is the poller's
 * @param locationOf where what was added is: something else, where its key was known
 * @returns what is there under the key
 * @throws what `add` rejects with; Error when the poller is being handed over already
 */
export async function addOrTakeOver<Entry>(
  source: string | URL | ResumeToken | OperationPoller,
  add: (source: string | URL | ResumeToken, protocol?: Protocol) => Promise<Entry>,
  locationOf: (entry: Entry) => string,
): Promise<Entry> {
  if (!(source instanceof OperationPoller)) return await add(source);
  let found: {readonly entry: Entry} | undefined;
  const take = async (token: ResumeToken): Promise<Entry> => {
    const entry = await add(token, source.protocol);
    found = {entry};
    if (locationOf(entry) !== token.location) throw new Error('The key belongs to another operation');
    markTakenOver(source);
    return entry;
  };
  return await source.handOver(take).catch((error: unknown) => {
    if (found === undefined) throw error;
    return found.entry;
  });
}
