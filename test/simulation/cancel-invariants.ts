import type {Check} from './check.ts';
import {cancelsUnderWay} from './facts.ts';
import {mayHaveToken} from './network.ts';
import type {OperationPlan} from './plan.ts';
import {abroad, cancelLinkOf, locationOf} from './service.ts';

/** What cancels an operation goes to its own place by the method of its protocol, with its token where that may go. */
export const cancelsAsItsProtocolSays: Check<'cancel request'> = (sent, {plan}, facts) => {
  const {operation, url, method, authorization} = sent;
  const planned = plan.operations[operation];
  if (planned === undefined) return `${method} ${url} cancels another operation`;
  // It goes where the operation was when its user asked.
  const places = facts.cancels.places.map((known) => known ?? locationOf(planned, operation));
  const isOwn = places.some((place) => `${method} ${url}` === cancelRequestOf(planned, operation, place));
  if (!isOwn) return `${method} ${url} cancels an operation that is at ${places.join(' or ')}`;
  const isTrusted = facts.trusts || places.some((place) => place.startsWith(abroad));
  if (url.startsWith(abroad) && !isTrusted) return `a request to cancel went to ${abroad}`;
  return mayHaveToken(url) && authorization === undefined ? 'a request to cancel without a token' : undefined;
};

/** The request that cancels an operation that is polled at a location. */
function cancelRequestOf(planned: OperationPlan, operation: number, location: string): string {
  switch (planned.cancelForm) {
    case 'preset':
      return planned.wording === 'google.longrunning' ? `POST ${withSuffix(location, ':cancel')}` : 'none';
    case 'DELETE':
      return `DELETE ${location}`;
    case 'suffix':
      return `POST ${withSuffix(location, '/cancel')}`;
    default:
      return `PUT ${cancelLinkOf(planned, operation)}`;
  }
}

function withSuffix(location: string, suffix: string): string {
  const [path, ...query] = location.split('?');
  return [`${path}${suffix}`, ...query].join('?');
}

/** It is sent as often as users have asked for it, once more after a 401, and not once the end is known. */
export const cancelsOnlyWhatItWasAskedTo: Check<'cancel request'> = (_, __, {cancels}) => {
  const {wanted, refused, sent, asked} = cancels;
  const most = wanted + Math.min(refused, wanted);
  return sent < most ? undefined : `request number ${sent + 1} to cancel, which was asked for ${asked} times`;
};

/** None leaves when nobody waits for its answer any more. */
export const cancelsWhileItIsWaitedFor: Check<'cancel request'> = (_, {time, plan}, {cancels}) => {
  const late = time.now - cancels.askedAt - plan.options.requestTimeout;
  return late < 0 ? undefined : `a request to cancel ${late} ms after its time was over`;
};

/** Whoever cancels learns what the service said, and no secret. */
export const tellsWhatBecameOfACancel: Check<'cancel over'> = ({error}, _, facts) => {
  const {accepted, needless, resolved, rejected, sent, asked} = facts.cancels;
  if (error === undefined) {
    return resolved < accepted + needless ? undefined : `cancel() resolves, and the service accepted ${accepted}`;
  }
  const {cancelForm, wording} = facts.planned;
  if (error instanceof TypeError) {
    const hasNoWay = cancelForm === 'preset' && wording !== 'google.longrunning';
    // What is known of the operation may lead nowhere.
    if (!hasNoWay && !cancelForm.startsWith('link')) return `${error.message}, though it has`;
    return sent === 0 || !hasNoWay ? undefined : `${error.message}, though a request was sent`;
  }
  if (!(error instanceof Error) || error.name !== 'PollError') return `cancel() rejects with ${String(error)}`;
  return rejected < asked - accepted ? undefined : `cancel() rejects with ${error.message}, though it was accepted`;
};

/** Each `cancel()` settles in time, and resolves for each request that the service accepted. */
export const settlesEachCancel: Check<'rest'> = (_, {facts: all, time, plan, stalled}) => {
  for (const facts of all) {
    const {cancels, operation} = facts;
    if (cancels.asked === 0) continue;
    if (cancelsUnderWay(facts) === 0) {
      if (cancels.resolved < cancels.accepted)
        return `op-${operation}: the service accepted a request to cancel, but cancel() rejected`;
      continue;
    }
    // A body that begins to arrive at the last moment may take as long again.
    const late = time.now - cancels.askedAt - 2 * plan.options.requestTimeout - (stalled - cancels.stalled) - 5;
    if (late > 0) return `nothing has come of cancel() for op-${operation}`;
  }
  return undefined;
};
