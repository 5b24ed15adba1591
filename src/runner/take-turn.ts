import type {OperationEvent} from '../operation/events.ts';
import {endedOutcome, type Outcome} from '../operation/outcome.ts';
import {writeResumeToken} from '../operation/resume-token.ts';
import {isOver, type WatchState, withFetchedResult} from '../operation/state.ts';
import type {WatchSetup} from '../options/settings.ts';
import {fetchResultOnce} from '../polling/fetch-result.ts';
import {unlessAborted} from '../shared/abort.ts';
import {now as processNow, type TurnClock, turnClock} from '../shared/clock.ts';
import {doublingDelay} from '../shared/timers.ts';
import {holdOf, type OriginHold} from './origin-holds.ts';
import {checkNow, readEnd, writeEnd} from './outcome-json.ts';
import {
  checkTurnTime,
  dueAtBy,
  longestRetry,
  type OperationRecord,
  type RecordedEnd,
  stateBy,
  stateOf,
} from './record.ts';
import {stepUnlessHeld} from './step-unless-held.ts';
import {checkTurnOptions, type EndedRecord, prepareTurns, type ResumeRecord, type TurnOptions} from './turn-options.ts';

/** What every turn returns, whether or not another one follows. */
export interface TurnFacts<Data = unknown> {
  /** The record after the turn: store it in place of the one before. */
  readonly record: OperationRecord<Data>;
  /** What a poller would have emitted, in order. A turn that is taken again emits its events again. */
  readonly events: readonly OperationEvent[];
  /** Set if the service asked for a pause, which applies to every operation on that origin. */
  readonly hold?: OriginHold | undefined;
  /** What `onEnd` rejected with, even `undefined`; absent where it did not reject. */
  readonly error?: unknown;
}

/**
 * What a turn leaves to do: store the record until the next turn is due, in milliseconds since 1970 by the runner's clock; or
 * remove it, because watching is over and `onEnd`, if there is one, has resolved.
 */
export type Turn<Data = unknown, Result = unknown> = TurnFacts<Data> &
  ({readonly dueAt: number} | {readonly done: Outcome<Result>});

/**
 * One turn of a stored operation, and all that a runner, such as a loop over a table or a queue of jobs, does with it: polls the
 * service once, or hands the end over. A runner leases a record that is due, takes its turn, and stores or removes it.
 *
 * - An end is recorded first and handed over by the next turn, which is due at once. Whatever crashes in between, `onEnd` is called
 *   with the outcome and the id that were stored, and the service is not polled again.
 * - A turn that comes too early does nothing. Taking one twice, or again after a crash, is harmless: a poll is a GET.
 * - With `fetchResult`, each attempt to fetch the result is a turn of its own, once the operation has succeeded.
 *
 * @param record as it was stored
 * @param options see {@link TurnOptions}
 * @param now by the runner's clock, in milliseconds since 1970. Seconds are refused where the record was made with milliseconds; where
 *   it was made with seconds too, all waits are a thousand times as long
 * @returns see {@link Turn}
 * @throws RecordRefusedError where this runner cannot take a turn of the record; TypeError or RangeError when an option is
 *   wrong; the signal's reason when it aborts. The record then stays as it is
 *
 * @example
 * ```ts
 * const turn = await takeTurn(JSON.parse(row.record), {client, onEnd}, Date.now());
 * if ('done' in turn) await store.remove(row.key);
 * else await store.put(row.key, JSON.stringify(turn.record), turn.dueAt);
 * ```
 */
export async function takeTurn<Data = unknown, Result = unknown>(
  record: OperationRecord<Data>,
  options: TurnOptions<Data, Result>,
  now: number,
): Promise<Turn<Data, Result>> {
  const begunAt = processNow();
  // Nobody checks the type of a result.
  const {onEnd, signal, heldUntil, ...others} = checkTurnOptions(options as TurnOptions<Data>);
  checkNow('now', now);
  signal?.throwIfAborted();
  const turn = {
    resume: prepareTurns(others),
    onEnd: onEnd && signal ? untilAborted(onEnd, signal) : onEnd,
    signal,
    heldUntil,
  };
  const state = stateOf(record);
  checkTurnTime(now, state);
  return (await takePreparedTurn(record, state, turn, now, begunAt)) as Turn<Data, Result>;
}

/** What a turn needs, for a runner that takes many with the same options. */
export interface PreparedTurn<Data> extends Pick<TurnOptions<Data>, 'onEnd' | 'signal' | 'heldUntil'> {
  readonly resume: ResumeRecord;
}

/** What the parts of a turn work on. */
interface TurnContext<Data> {
  readonly record: OperationRecord<Data>;
  readonly turn: PreparedTurn<Data>;
  readonly clock: TurnClock;
}

/**
 * {@link takeTurn} with a record that has been read and options that are prepared.
 *
 * @param begunAt this process' time, read just before `now`
 */
export async function takePreparedTurn<Data>(
  record: OperationRecord<Data>,
  state: WatchState,
  turn: PreparedTurn<Data>,
  now: number,
  begunAt: number,
): Promise<Turn<Data>> {
  const dueAt = dueAtBy(record, now);
  if (dueAt > now) return {record, events: [], dueAt};
  const context = {record, turn, clock: turnClock(now, begunAt)};
  if (record.ended !== undefined) return handOver(context, state, record.ended);
  const resumed = turn.resume(record.id, stateBy(state, now));
  return isOver(state) ? fetchTurn(context, resumed) : pollTurn(context, resumed);
}

async function pollTurn<Data>(context: TurnContext<Data>, resumed: WatchSetup): Promise<Turn<Data>> {
  const {record, turn, clock} = context;
  const {step, events, hold} = await stepUnlessHeld(resumed, clock, turn);
  if (step === undefined) {
    const dueAt = Math.min(hold?.until ?? clock.now(), resumed.state.deadlineAt ?? Number.POSITIVE_INFINITY);
    return {record, events, hold, dueAt};
  }
  const {state} = step;
  const {outcome} = step.next;
  const fetches = outcome?.status === 'succeeded' && resumed.settings.fetchResult;
  if (outcome !== undefined && !fetches) return {...endTurn(context, state, outcome, events), hold};
  const token = writeResumeToken(state);
  return {record: {...record, token}, events, hold, dueAt: token.dueAt};
}

/** The turn of a watch that is over, and whose end is not recorded yet: the operation's result may have to be fetched. */
async function fetchTurn<Data>(context: TurnContext<Data>, resumed: WatchSetup): Promise<Turn<Data>> {
  const {record, turn, clock} = context;
  const {state, settings} = resumed;
  const outcome = endedOutcome(state) ?? readEnd(state, {});
  if (outcome.status !== 'succeeded' || !settings.fetchResult) return endTurn(context, state, outcome, []);
  const hold = holdOf(state, turn.heldUntil, clock.now());
  if (hold !== undefined) return {record, events: [], hold, dueAt: hold.until};
  const {signal = neverAborted} = turn;
  const fetched = await fetchResultOnce(resumed, outcome.operation, record.fetching, signal, clock);
  if ('outcome' in fetched) return endTurn(context, state, fetched.outcome, []);
  const fetching = {...fetched.progress, dueAt: clock.now() + fetched.wait};
  return {record: {...record, fetching}, events: [], dueAt: fetching.dueAt};
}

/** The turn in which watching ended: its end is recorded, and the next turn hands it over. */
function endTurn<Data>(
  {record, turn, clock}: TurnContext<Data>,
  state: WatchState,
  outcome: Outcome,
  events: readonly OperationEvent[],
): Turn<Data> {
  const token = writeResumeToken(withFetchedResult(state, outcome.operation));
  const ended = {...writeEnd(outcome, token), dueAt: clock.now(), rejections: 0};
  const {fetching: _, ...rest} = record;
  const facts = {record: {...rest, token, ended}, events};
  return turn.onEnd === undefined ? {...facts, done: outcome} : {...facts, dueAt: ended.dueAt};
}

const neverAborted: AbortSignal = /* @__PURE__ */ new AbortController().signal;
/** After how long a rejected `onEnd` is called again at first, in milliseconds. */
const firstRetry = 1000;

/** An `onEnd` that ends with its turn: one that hangs would otherwise keep its runner from closing. It is called again. */
export function untilAborted<Data>(
  onEnd: NonNullable<TurnOptions<Data>['onEnd']>,
  signal: AbortSignal,
): (ended: EndedRecord<Data>) => Promise<unknown> {
  return async (ended) => {
    signal.throwIfAborted();
    return await unlessAborted(Promise.resolve(onEnd(ended)), signal);
  };
}

async function handOver<Data>(
  {record, turn, clock}: TurnContext<Data>,
  state: WatchState,
  ended: RecordedEnd,
): Promise<Turn<Data>> {
  const {onEnd, signal = neverAborted} = turn;
  const outcome = readEnd(state, ended);
  const {id, key, data} = record;
  try {
    await onEnd?.({id, key, outcome, data, signal});
    return {record, events: [], done: outcome};
  } catch (error) {
    signal.throwIfAborted();
    const rejections = ended.rejections + 1;
    const dueAt = clock.now() + doublingDelay(firstRetry, longestRetry, rejections);
    return {record: {...record, ended: {...ended, dueAt, rejections}}, events: [], dueAt, error};
  }
}
