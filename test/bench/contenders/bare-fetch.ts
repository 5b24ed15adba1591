import {type Body, type Contender, headers, pause} from './contender.ts';

/** A loop that one would write by hand. */
export const contender: Contender = {
  prepare: (_, interval) => async (location) => {
    for (;;) {
      const {status} = (await (await fetch(location, {headers})).json()) as Body;
      if (status === 'succeeded') return;
      await pause(interval);
    }
  },
};
