import {
  cancelsAsItsProtocolSays,
  cancelsOnlyWhatItWasAskedTo,
  cancelsWhileItIsWaitedFor,
  settlesEachCancel,
  tellsWhatBecameOfACancel,
} from './cancel-invariants.ts';
import type {Check, RequestCheck} from './check.ts';
import {
  asksUntilTheDeadline,
  endsByItsDeadline,
  endsInTime,
  givesItsResult,
  givesUpForAReason,
  reportsTheEndThatWasSaid,
} from './end-invariants.ts';
import {
  announcesEachStatusOnce,
  announcesNewsOnly,
  announcesOnlyWhatWasSaid,
  isSilentAfterTheEnd,
  keepsTheOrderOfTime,
  numbersPolls,
  reportsEachPollOnce,
  retriesForAReason,
} from './event-invariants.ts';
import {cancelsUnderWay, type Facts} from './facts.ts';
import {handsOverBeforeItRemoves, handsOverOnce, handsOverWhatWasStored} from './hand-over-invariants.ts';
import type {Happening} from './happenings.ts';
import {isStored} from './plan.ts';
import {
  asksNothingAfterTheDeadline,
  boundsRequests,
  holdsAllRequestsBack,
  isNoFlood,
  isQuietAfterTheEnd,
  keepsThePace,
  keepsToItsConcurrency,
  sendsNothingWhileItIsHeldBack,
  sendsTheKeyHome,
  sendsTheTokenAsItsProtocolSays,
  sendsTheTokenHome,
  waitsAsLongAsAsked,
  waitsNoLongerThanAsked,
  wakesAtOnce,
} from './request-invariants.ts';
import {
  handsOverThePassword,
  keepsTheSecretInCancels,
  keepsTheSecretInErrors,
  keepsTheSecretInEvents,
  keepsTheSecretInHandOvers,
  keepsTheSecretInOutcomes,
  keepsTheSecretInStores,
} from './secret-invariants.ts';
import {
  startsInTime,
  startsOnce,
  startsWhileItIsWaitedFor,
  tellsWhatBecameOfAStart,
  watchesWhatWasStarted,
} from './start-invariants.ts';
import type {World} from './world.ts';

/** Whoever waits for anything but the result learns of the end too. */
const tellsEverybody: Check<'rest'> = (_, world) => world.unsettled();

/** What a listener throws is reported, and does no harm. */
const reportsWhatListenersThrow: Check<'rest'> = (_, {thrown, reported}) =>
  thrown === reported ? undefined : `${reported} of ${thrown} errors of listeners are reported`;

/** What a tracker knows is in its store once it is closed. */
const storesWhatItKnows: Check<'closed'> = ({attempt, isFailing}, _, {reported}) =>
  isFailing || attempt === undefined || attempt >= reported
    ? undefined
    : `attempt ${attempt} is stored, and attempt ${reported} was reported`;

/** What was read is reported at once. */
const tellsAtOnce: Check<'rest'> = (_, {facts: all, plan}) => {
  if (isStored(plan.runner)) return undefined;
  for (const {operation, isWatched, endRead, unreported, abandonedBy} of all) {
    if (!isWatched || abandonedBy !== undefined) continue;
    if (unreported > 0) return `nothing tells of an answer to op-${operation}`;
    if (endRead !== undefined && !plan.options.fetchResult) return `nothing tells that op-${operation} has ended`;
  }
  return undefined;
};

/** Nobody waits for ever. */
const settlesEverything: Check<'end'> = (_, {facts: all}) => {
  const canceling = all.find((facts) => cancelsUnderWay(facts) > 0);
  if (canceling !== undefined)
    return `nothing is left to happen, and nothing has come of canceling op-${canceling.operation}`;
  const waiting = all.find(({outcome}) => outcome === undefined);
  return waiting === undefined ? undefined : `nothing is left to happen, and op-${waiting.operation} is not over`;
};

/** Once everything is over there is no timer and no request. */
const leavesNothingBehind: Check<'rest'> = (_, {facts: all, time, network, isClosing}) => {
  if (!all.every(({isWatched, isStarting, wasBegun}) => wasBegun && !isWatched && !isStarting)) return undefined;
  if (all.some(({isHandedOver}) => isHandedOver === false)) return undefined;
  if (all.some((facts) => cancelsUnderWay(facts) > 0)) return undefined;
  // The other one may go on.
  if (all.some(({isDoubled}) => isDoubled)) return undefined;
  // Once it is over, closing is checked by itself.
  if (time.libraryTimers > 0 && !isClosing) return `${time.libraryTimers} timers are left`;
  return network.open.size > 0 ? `${network.open.size} requests are left` : undefined;
};

/** Nothing happens that should not. */
const breaksNothing: Check<'broken'> = ({why}) => why;

/** Those of any request, whatever it is for. */
const ofAnyRequest: readonly RequestCheck[] = [
  holdsAllRequestsBack,
  keepsThePace,
  keepsToItsConcurrency,
  sendsTheTokenHome,
  sendsTheTokenAsItsProtocolSays,
  sendsTheKeyHome,
];

/** All invariants, by what they look at. To add one, write a small function and add it here: its name is what is reported. */
const invariants: {readonly [Is in Happening['is']]?: readonly Check<Is>[]} = {
  request: [
    isQuietAfterTheEnd,
    waitsAsLongAsAsked,
    waitsNoLongerThanAsked,
    ...ofAnyRequest,
    isNoFlood,
    boundsRequests,
    asksNothingAfterTheDeadline,
    wakesAtOnce,
    sendsNothingWhileItIsHeldBack,
  ],
  event: [
    isSilentAfterTheEnd,
    announcesEachStatusOnce,
    announcesOnlyWhatWasSaid,
    reportsEachPollOnce,
    retriesForAReason,
    numbersPolls,
    keepsTheOrderOfTime,
    announcesNewsOnly,
    keepsTheSecretInEvents,
  ],
  'start request': [...ofAnyRequest, startsOnce, startsWhileItIsWaitedFor],
  'cancel request': [...ofAnyRequest, cancelsAsItsProtocolSays, cancelsOnlyWhatItWasAskedTo, cancelsWhileItIsWaitedFor],
  password: [handsOverThePassword],
  'cancel over': [tellsWhatBecameOfACancel, keepsTheSecretInCancels],
  begin: [watchesWhatWasStarted],
  'not started': [tellsWhatBecameOfAStart, keepsTheSecretInErrors],
  stored: [keepsTheSecretInStores],
  'hand over': [handsOverWhatWasStored, handsOverOnce, keepsTheSecretInHandOvers],
  removed: [handsOverBeforeItRemoves],
  over: [
    reportsTheEndThatWasSaid,
    givesUpForAReason,
    givesItsResult,
    asksUntilTheDeadline,
    endsInTime,
    keepsTheSecretInOutcomes,
  ],
  rest: [
    endsByItsDeadline,
    startsInTime,
    settlesEachCancel,
    tellsAtOnce,
    tellsEverybody,
    reportsWhatListenersThrow,
    leavesNothingBehind,
  ],
  closed: [storesWhatItKnows],
  end: [settlesEverything],
  broken: [breaksNothing],
};

/** The same by any happening. */
export const checks = invariants as unknown as Readonly<
  Record<string, readonly ((happening: Happening, world: World, facts: Facts | undefined) => string | undefined)[]>
>;

/** Those that go by what was said in the turn that goes on: where two go on at the same time, nobody knows in which. */
export const checksOfOneTurn: ReadonlySet<unknown> = new Set([
  isQuietAfterTheEnd,
  waitsAsLongAsAsked,
  waitsNoLongerThanAsked,
  isNoFlood,
  wakesAtOnce,
  sendsNothingWhileItIsHeldBack,
  announcesOnlyWhatWasSaid,
  reportsEachPollOnce,
  givesUpForAReason,
  asksUntilTheDeadline,
]);
