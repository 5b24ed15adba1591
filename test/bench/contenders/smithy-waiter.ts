import {createWaiter, WaiterState} from '@smithy/util-waiter';
import {type Body, type Contender, headers} from './contender.ts';

/** The waiter of AWS's clients over global fetch; its delays are in seconds. */
export const contender: Contender = {
  prepare: (_, interval) => {
    const delay = interval / 1000;
    const options = {client: undefined, minDelay: delay, maxDelay: delay, maxWaitTime: 86_400};
    return (location) =>
      createWaiter(options, location, async () => {
        const reason = (await (await fetch(location, {headers})).json()) as Body;
        return {state: reason.status === 'succeeded' ? WaiterState.SUCCESS : WaiterState.RETRY, reason};
      });
  },
};
