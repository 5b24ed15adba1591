import ky from 'ky';
import pRetry from 'p-retry';
import {createActor, setup} from 'xstate';
import {type Body, type Contender, headers, pause} from './contender.ts';

const machine = setup({types: {events: {} as {readonly type: 'running' | 'succeeded'}}}).createMachine({
  initial: 'notStarted',
  states: {
    notStarted: {on: {running: 'running', succeeded: 'succeeded'}},
    running: {on: {succeeded: 'succeeded'}},
    succeeded: {type: 'final'},
  },
});

/** What one would write by hand of the packages that ours is made of. */
export const contender: Contender = {
  prepare: (_, interval) => async (location) => {
    const actor = createActor(machine).start();
    for (;;) {
      const {status} = await pRetry(() => ky.get(location, {headers, retry: 0}).json<Body>());
      actor.send({type: status === 'succeeded' ? 'succeeded' : 'running'});
      if (actor.getSnapshot().status === 'done') return;
      await pause(interval);
    }
  },
};
