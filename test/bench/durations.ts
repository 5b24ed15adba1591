// How long operations take, in the simulations of schedules and of estimates. All of it is seeded.

/** How many operations a schedule may learn from before its figures count, and how many count. */
export const warmUp = 300;
export const measured = 3000;

/** Chance that is the same in each run (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const lognormal =
  (middle: number, sigma: number) =>
  (random: () => number): number =>
    middle * Math.exp(sigma * normal(random));

export interface Distribution {
  readonly name: string;
  /** The duration of operation `index` of all, in milliseconds. */
  readonly draw: (random: () => number, index: number) => number;
  readonly shifts?: true;
}

export const distributions: readonly Distribution[] = [
  {name: 'exponential, mean 30 s', draw: (random) => -30_000 * Math.log(1 - random())},
  {name: 'lognormal, median 30 s, sigma 0.3', draw: lognormal(30_000, 0.3)},
  {
    name: 'bimodal: 70 % near 5 s, 30 % near 60 s',
    draw: (random) => (random() < 0.7 ? lognormal(5000, 0.15) : lognormal(60_000, 0.1))(random),
  },
  // Cut off at an hour, as services do.
  {
    name: 'slow tail: Pareto, from 10 s, shape 1.5',
    draw: (random) => Math.min(3_600_000, 10_000 * (1 - random()) ** (-1 / 1.5)),
  },
  {
    name: 'lognormal that shifts half-way, 20 s to 90 s',
    draw: (random, index) => lognormal(index < warmUp + measured / 2 ? 20_000 : 90_000, 0.3)(random),
    shifts: true,
  },
];
