import pWaitFor from 'p-wait-for';
import {type Body, type Contender, headers} from './contender.ts';

/** Waits for a condition, here what global fetch brings. */
export const contender: Contender = {
  prepare: (_, interval) => (location) =>
    pWaitFor(async () => ((await (await fetch(location, {headers})).json()) as Body).status === 'succeeded', {
      interval,
    }),
};
