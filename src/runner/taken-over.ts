const takenOver = new WeakSet<object>();

/** Records that a runner goes on with what a poller watches, before the poller stops. */
export function markTakenOver(poller: object): void {
  takenOver.add(poller);
}

/** Whether a runner has taken over what a poller watches. Why the poller stopped does not say so: a user may give any reason. */
export function isTakenOver(poller: object): boolean {
  return takenOver.has(poller);
}
