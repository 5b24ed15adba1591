import {pollOperation, schedules} from 'operation-poller';
import {type Contender, token} from './contender.ts';

/** Ours as it comes. */
export const contender: Contender = {
  prepare: (_, interval) => {
    const options = {token, schedule: schedules.fixed(interval), totalTimeout: false} as const;
    return (location) => pollOperation(location, options).result();
  },
};
