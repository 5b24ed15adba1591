import {readTurnOptions, type TurnOptions, turnChecks} from '../runner/turn-options.ts';
import {type Checks, checkFunction, checkFunctions, checkOptions, checkRange} from '../shared/check-options.ts';
import {neverThrowing} from '../shared/report-error.ts';
import type {OperationTracker} from './operation-tracker.ts';
import {loadRecords} from './record-loader.ts';
import {noStore, type OperationStore} from './store.ts';
import {Tracker} from './tracker.ts';
import type {TrackerError} from './tracker-error.ts';

/** The options of {@link createOperationTracker}: those of a poller apply to all its operations. */
export interface OperationTrackerOptions<Data = unknown, Result = unknown>
  extends Omit<TurnOptions<Data, Result>, 'heldUntil' | 'signal'> {
  /** Where the operations are kept. Default: nowhere, so that they end with the process. */
  readonly store?: OperationStore | undefined;
  /** Called with each error that ends neither a watch nor the process. Default: `console.warn`. */
  readonly onError?: ((error: TrackerError) => void) | undefined;
  /** How many polls are made at once, and how many ends are handed over at once. Default 100. */
  readonly concurrency?: number | undefined;
}

const {heldUntil: _, signal: __, ...pollChecks} = turnChecks;

const trackerChecks = {
  ...pollChecks,
  store: checkFunctions('a store, with the functions list, read, write and remove', 'list', 'read', 'write', 'remove'),
  onError: checkFunction,
  concurrency: checkRange({least: 1, whole: true}),
} satisfies Checks<OperationTrackerOptions>;

/**
 * Makes a tracker, which watches what is in the store and what is added, until each operation has ended and `onEnd` has resolved. Only one
 * tracker at a time can use a store.
 *
 * - `onEnd` is called at least once for each operation, with an `id` that stays the same: again after it rejected, and after a
 *   crash. Only then does the operation leave the store.
 * - Whatever the store rejects is repeated and reported to `onError`. Text that is not a record is left as it is.
 *
 * @throws TypeError or RangeError when an option is invalid; the message names it
 * @throws TrackerError when the store cannot be read
 *
 * @example
 * ```ts
 * const tracker = await createOperationTracker<{mail: string}>({
 *   store: fileStore('operations'),
 *   token: getToken,
 *   onEnd: ({outcome, data}) => sendMail(data?.mail, outcome.status),
 * });
 * await tracker.add(location, {key: 'adele', data: {mail: 'adele@contoso.com'}});
 * ```
 */
export async function createOperationTracker<Data = unknown, Result = unknown>(
  options: OperationTrackerOptions<Data, Result> = {},
): Promise<OperationTracker<Data, Result>> {
  // Nobody checks the type of a result.
  const own = checkOptions(options as OperationTrackerOptions<Data>, trackerChecks);
  const {requestTimeout: closeTimeout} = readTurnOptions(own);
  const {store = noStore, onError = warn, concurrency = 100, ...turnOptions} = own;
  const report = neverThrowing(onError);
  const {records, refused} = await loadRecords<Data>(store, report);
  const tracker = new Tracker<Data, Result>({turnOptions, store, onError: report, concurrency, refused, closeTimeout});
  tracker.goOn(records);
  return tracker;
}

function warn(error: TrackerError): void {
  // biome-ignore lint/suspicious/noConsole: nobody else would get it, and a warning ends no process.
  console.warn(error);
}
