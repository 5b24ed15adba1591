import type {ResumeToken} from '../operation/resume-token.ts';
import type {OperationPoller} from '../poller.ts';

/**
 * Takes over what a poller watches. The poller stops once that has been added; it goes on if adding fails, and where the key is
 * that of another operation.
 *
 * @param add adds the operation of a resume token
 * @param locationOf where what was added is: something else, where its key was known
 * @returns what is there under the key
 * @throws what `add` rejects with; Error when the poller is being handed over already
 */
export async function takeOver<Entry>(
  poller: OperationPoller,
  add: (token: ResumeToken) => Promise<Entry>,
  locationOf: (entry: Entry) => string,
): Promise<Entry> {
  let found: {readonly entry: Entry} | undefined;
  const take = async (token: ResumeToken): Promise<Entry> => {
    const entry = await add(token);
    found = {entry};
    if (locationOf(entry) !== token.location) throw new Error('The key belongs to another operation');
    return entry;
  };
  return await poller.handOver(take).catch((error: unknown) => {
    if (found === undefined) throw error;
    return found.entry;
  });
}
