import {PollError} from '../operation/poll-error.ts';
import {now} from '../shared/clock.ts';
import type {Transport} from './transport.ts';

/**
 * A transport for requests that change something. Sent when its time is over, one would be given up before its response, and
 * nobody would know what became of it.
 *
 * @param deadlineAt when it must have left, in milliseconds since 1970
 * @param limit how long it may take, in milliseconds, for the message of the PollError that it fails with
 */
export function sendingInTime(transport: Transport, deadlineAt: number, limit: number): Transport {
  return (location, request) => {
    const onSent = (): void => {
      if (now() >= deadlineAt)
        throw new PollError(`No request could be made within ${limit} ms`, {kind: 'timeout', transient: true});
      request.onSent();
    };
    return transport(location, {...request, onSent});
  };
}
