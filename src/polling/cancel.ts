import {exchange, httpError} from '../http/exchange.ts';
import type {WatchState} from '../operation/state.ts';
import type {Settings} from '../options/options.ts';
import {withSuffix} from '../protocol/resolve.ts';
import {LazyAbortController} from '../shared/abort.ts';

/**
 * Asks the service to cancel an operation, as its protocol says.
 *
 * @throws TypeError when the protocol knows no way; PollError when the service does not take the request
 */
export async function cancelOperation(
  settings: Settings,
  {location, tokenOrigin, deadlineAt}: WatchState,
): Promise<void> {
  const {cancel, name} = settings.reader.protocol;
  if (cancel === undefined) throw new TypeError(`cancel: the protocol ${name} knows no way to cancel`);
  const {method, suffix} = cancel;
  // The location stands as it is, byte for byte.
  const target = suffix === undefined ? location : (withSuffix(location, suffix) ?? location);
  // A watch that was given up has no deadline any more.
  const until = deadlineAt !== undefined && Date.now() < deadlineAt ? deadlineAt : undefined;
  const errand = {method, location: target, tokenOrigin, deadlineAt: until, signal: new LazyAbortController()};
  const answered = await exchange(settings, errand, {done: false});
  if (answered.reply.status >= 300) throw httpError(answered, tokenOrigin);
}
