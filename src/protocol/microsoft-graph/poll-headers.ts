import type {Protocol} from '../protocol.ts';

/**
 * Has Graph send all members of its enumerations. Without it, a member that was added later arrives as
 * [`unknownFutureValue`](https://learn.microsoft.com/graph/best-practices-concept#handling-future-members-in-evolvable-enumerations).
 */
export const pollHeaders: NonNullable<Protocol['pollHeaders']> = {prefer: 'include-unknown-enum-members'};
