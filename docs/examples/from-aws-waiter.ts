// Watches an operation's location with @smithy/util-waiter, which the AWS SDK's waiters are built on: for
// docs/coming-from.md. Its delays are in seconds.
import {checkExceptions, createWaiter, WaiterState} from '@smithy/util-waiter';

interface Body {
  readonly status?: string;
  readonly statusDetail?: string;
}

export async function watchWithWaiter(location: string, token: string, signal?: AbortSignal): Promise<Body> {
  const ask = async (): Promise<{state: WaiterState; reason: Body}> => {
    const response = await fetch(location, {headers: {authorization: `Bearer ${token}`}});
    // The acceptors decide what is retried and what ends the wait.
    if (response.status === 404 || response.status === 429 || response.status >= 500) {
      await response.body?.cancel();
      return {state: WaiterState.RETRY, reason: {}};
    }
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const reason = (await response.json()) as Body;
    if (reason.status === 'succeeded') return {state: WaiterState.SUCCESS, reason};
    return {state: reason.status === 'failed' ? WaiterState.FAILURE : WaiterState.RETRY, reason};
  };
  const options = {client: undefined, minDelay: 0.01, maxDelay: 0.02, maxWaitTime: 900};
  const result = await createWaiter(signal ? {...options, abortSignal: signal} : options, location, ask);
  checkExceptions(result); // throws an Error whose message is the result as JSON, and which has no fields
  return result.reason as Body;
}
