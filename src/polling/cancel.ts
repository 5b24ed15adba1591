import {exchange} from '../http/exchange.ts';
import {httpError} from '../http/request-errors.ts';
import type {WatchState} from '../operation/state.ts';
import type {Settings} from '../options/settings.ts';
import {withSuffix} from '../protocol/resolve.ts';
import {LazyAbortController} from '../shared/abort.ts';
import {now} from '../shared/clock.ts';

/**
 * Asks the service to cancel an operation, as its protocol says.
 *
 * @throws TypeError when the protocol has no way to cancel; PollError when the service refuses the request
 */
export async function cancelOperation(settings: Settings, state: WatchState): Promise<void> {
  const {location, tokenOrigin} = state;
  const {cancel, name} = settings.reader.protocol;
  if (cancel === undefined) throw new TypeError(`cancel: the protocol ${name} has no way to cancel`);
  const {method, suffix} = cancel;
  const response = await exchange(settings, {
    method,
    // The location stays as it is, byte for byte.
    location: suffix === undefined ? location : (withSuffix(location, suffix) ?? location),
    tokenOrigin,
    // The deadline of the watch may have passed; and a client may hold the request back for hours.
    deadlineAt: now() + settings.requestTimeout,
    signal: new LazyAbortController(),
  });
  if (response.status >= 300) throw httpError(response, tokenOrigin, settings.reader);
}
