/** What befalls one call of a tracker's store. */
export const storeFaults = ['rejects', 'rejects though it is done', 'is slow'] as const;

export type StoreFault = (typeof storeFaults)[number];
