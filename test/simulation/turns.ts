/** What befalls a turn of a stored operation, and how often that is planned in relation to the others. */
export const turns = {
  early: 2,
  late: 2,
  /** Somebody notices after a while that it was never taken. */
  lost: 1,
  /** Two take it, from the same record. Who stores last finds that it has changed. */
  doubled: 2,
  /** Another one takes it while it goes on, and only that one may store what came of it. */
  'lease lost': 2,
  'given up': 2,
  /** Its worker's clock is ahead or behind. */
  'clock ahead': 0.5,
  'clock behind': 0.5,
} as const satisfies Record<string, number>;

export type TurnName = keyof typeof turns;

/** What becomes of one call of `onEnd`. */
export const handOvers = [
  'resolves',
  'resolves',
  'resolves later',
  'rejects',
  'rejects later',
  /** Resolves later, unless its signal aborts before. */
  'heeds its signal',
] as const;

export type HandOver = (typeof handOvers)[number];
