import {exchange} from '../http/exchange.ts';
import {httpError, networkError} from '../http/request-errors.ts';
import {sendingInTime} from '../http/sending-in-time.ts';
import type {WatchState} from '../operation/state.ts';
import type {Settings} from '../options/settings.ts';
import {linksOf} from '../protocol/links.ts';
import type {CancelRequest} from '../protocol/protocol.ts';
import {locatePlace} from '../protocol/resolve.ts';
import {LazyAbortController} from '../shared/abort.ts';
import {now} from '../shared/clock.ts';

/**
 * Asks the service to cancel an operation, as its protocol says.
 *
 * @throws TypeError when the protocol has no way to cancel, or what is known of the operation leads to no URL on its origin;
 *   PollError when the service refuses the request
 */
export async function cancelOperation(settings: Settings, state: WatchState): Promise<void> {
  const {tokenOrigin} = state;
  const {reader} = settings;
  const {cancel, name} = reader.protocol;
  const location = cancel && cancelLocation(cancel, settings, state);
  if (!cancel || !location) throw new TypeError(`cancel: the protocol ${name} has no way to cancel this operation`);
  // The deadline of the watch may have passed; and a client may hold the request back for hours.
  const deadlineAt = now() + settings.requestTimeout;
  const transport = sendingInTime(settings.transport, deadlineAt, settings.requestTimeout);
  try {
    const response = await exchange(
      {...settings, transport},
      {
        method: cancel.method,
        json: cancel.body,
        takesText: false,
        operationLocation: undefined,
        requestTimeout: undefined,
        headers: reader.pollHeaders,
        location,
        tokenOrigin,
        deadlineAt,
        signal: new LazyAbortController(),
      },
    );
    if (response.status >= 300) throw httpError(response, tokenOrigin, reader);
  } catch (error) {
    throw networkError(error, settings.secrets);
  }
}

function cancelLocation(
  cancel: CancelRequest,
  {reader, base, trustedOrigins}: Settings,
  {location, tokenOrigin, operation}: WatchState,
): string | undefined {
  // The location stays as it is, byte for byte.
  if ((cancel.suffix ?? cancel.template ?? cancel.at) === undefined) return location;
  const target = locatePlace(cancel, reader, location, linksOf(operation?.raw), base);
  const origins = [new URL(location).origin, tokenOrigin, ...trustedOrigins];
  // A request that changes something is sent to no other origin, whatever the service says.
  return target && origins.includes(new URL(target).origin) ? target : undefined;
}
