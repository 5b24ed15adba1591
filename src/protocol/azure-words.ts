import type {Protocol} from './protocol.ts';

/** Azure's words that do not mean that the operation runs. */
export const azureWords: Protocol['words'] = {
  NotStarted: 'notStarted',
  Accepted: 'notStarted',
  Succeeded: 'succeeded',
  Failed: 'failed',
  Canceled: 'canceled',
  Cancelled: 'canceled',
};
