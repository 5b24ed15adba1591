import {schedules} from 'operation-poller';
import {createGraphClient} from 'operation-poller/graph';
import {type Contender, token} from './contender.ts';

/** Ours by one Graph client, whose polls travel in batches of 20. */
export const contender: Contender = {
  prepare: (root, interval) => {
    const graph = createGraphClient({root, token});
    const options = {schedule: schedules.fixed(interval), totalTimeout: false} as const;
    return (location) => graph.watch(location, options).result();
  },
};
