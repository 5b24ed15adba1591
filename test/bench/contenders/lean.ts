import {pollOperation, schedules} from 'operation-poller';
import {leanHttp} from 'operation-poller/node';
import {type Contender, token} from './contender.ts';

/** Ours with the transport for services that poll a lot. */
export const contender: Contender = {
  prepare: (_, interval) => {
    const options = {token, http: leanHttp(), schedule: schedules.fixed(interval), totalTimeout: false} as const;
    return (location) => pollOperation(location, options).result();
  },
};
