import ky from 'ky';
import {type Body, type Contender, headers, pause} from './contender.ts';

/** The same loop over ky. */
export const contender: Contender = {
  prepare: (_, interval) => async (location) => {
    for (;;) {
      const {status} = await ky.get(location, {headers, retry: 0}).json<Body>();
      if (status === 'succeeded') return;
      await pause(interval);
    }
  },
};
