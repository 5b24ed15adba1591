/** Why a poller stops that a runner has taken over: the message of its error's `cause`. */
export const handedOver = 'handed over';
