import {checkString} from '../runner/outcome-json.ts';
import type {OperationRecord} from '../runner/record.ts';
import {RecordRefusedError} from '../runner/record-refused-error.ts';
import {LazyAbortController} from '../shared/abort.ts';
import {describeValue, expected} from '../shared/check-options.ts';
import {pause} from '../shared/timers.ts';
import {readRecordText} from './record-text.ts';
import type {OperationStore} from './store.ts';
import {TrackerError} from './tracker-error.ts';

/** How many records are read at once. */
const atOnce = 100;
/** How often a read is tried, and how long after the first failure, in milliseconds; that doubles with each. */
const attempts = 5;
const retryDelay = 200;

/**
 * Reads a store. A read that fails is repeated four times.
 *
 * @param onError gets the failed reads, and what is not a record
 * @returns the records, and the keys under which there is none that this version can read
 * @throws TrackerError when one fails for the fifth time
 */
export async function loadRecords<Data>(
  store: OperationStore,
  onError: (error: TrackerError) => void,
): Promise<{readonly records: readonly OperationRecord<Data>[]; readonly refused: ReadonlySet<string>}> {
  const retrying = async <Result>(read: () => Promise<Result>, key?: string): Promise<Result> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await read();
      } catch (cause) {
        const error = new TrackerError('store', 'The store could not be read', key, cause);
        if (attempt === attempts) throw error;
        onError(error);
        await pause(retryDelay * 2 ** (attempt - 1), new LazyAbortController());
      }
    }
  };
  const records: OperationRecord<Data>[] = [];
  const refused = new Set<string>();
  const keys = await retrying(() => listKeys(store));
  const rest = keys.values();
  const work = async (): Promise<void> => {
    for (const key of rest) {
      const text = await retrying(() => store.read(key), key);
      // Somebody may have removed it.
      if (text === undefined) continue;
      try {
        records.push(readRecordText(key, text));
      } catch (error) {
        if (!(error instanceof RecordRefusedError)) throw error;
        refused.add(key);
        onError(new TrackerError('record', 'The store holds something that is not a record under', key, error));
      }
    }
  };
  await Promise.all(Array.from({length: Math.min(atOnce, keys.length)}, work));
  return {records, refused};
}

/** The keys, each once: a list that is read in parts may repeat one, and two watches of it would each call `onEnd`. */
async function listKeys(store: OperationStore): Promise<string[]> {
  const keys = await store.list();
  if (!Array.isArray(keys)) throw expected('list', 'a list of keys', describeValue(keys));
  for (const key of keys) checkString('list', key);
  return [...new Set(keys)];
}
