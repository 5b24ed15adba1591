import type {Check} from './check.ts';

/** What is handed over is the end that was stored, and it was stored before. */
export const handsOverWhatWasStored: Check<'hand over'> = ({id, isOurs, outcome}, _, facts) => {
  const {outcome: stored, isHandedOver, recordId} = facts;
  if (stored === undefined || isHandedOver === undefined) return `${outcome.is} before it was stored`;
  if (outcome.is !== stored.is) return `${outcome.is}, but ${stored.is} was stored`;
  if (outcome.message !== stored.message) return `'${outcome.message}', but '${stored.message}' was stored`;
  return isOurs && id === recordId ? undefined : `with the id ${id} or the data of another record`;
};

/** It is handed over once, and again only where nobody can know that it was, and never once its record is gone. */
export const handsOverOnce: Check<'hand over'> = (_, __, {handOvers, repeats, isHandedOver, isDoubled}) => {
  if (isHandedOver === true && !isDoubled) return 'after its record was removed';
  return handOvers > repeats && !isDoubled ? `${handOvers + 1} times, for no reason` : undefined;
};

/** No record is removed whose end nobody got. */
export const handsOverBeforeItRemoves: Check<'removed'> = (_, __, {wasTaken}) =>
  wasTaken ? undefined : 'removed, and onEnd has not resolved';
