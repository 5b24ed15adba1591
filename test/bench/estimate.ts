// How well `poller.estimate()` is calibrated: how often the true end came before each of its quantiles, over the distributions
// that the schedules are compared with. BENCH_PLOT=docs/estimates.svg writes the plot.
import {writeFileSync} from 'node:fs';
import {schedules} from 'operation-poller';
import {chance, distributions, measured, warmUp} from './durations.ts';
import {calibrationPlot} from './estimate-plot.ts';

const quantiles = ['p10', 'p50', 'p90'] as const;
const promised = [10, 50, 90];
const learners = 3;

/** How many estimates were made, and how many true ends came before each quantile. */
interface Tally {
  made: number;
  readonly before: [number, number, number];
}

/** What was estimated in one simulation: when watching began, and at each later poll. */
interface Tallies {
  readonly first: Tally;
  readonly later: Tally;
}

const emptyTally = (): Tally => ({made: 0, before: [0, 0, 0]});

/**
 * One operation after another is watched by a schedule that learns from them; the estimates after the first 300 count.
 *
 * @param isExact whether the schedule learns each duration as it is, not as the two polls around it show it
 */
function simulate(durations: readonly number[], seed: number, tallies: Tallies, isExact: boolean): void {
  const random = chance(seed);
  const schedule = schedules.adaptive();
  const operation = {id: 'a', status: 'succeeded', rawStatus: 'succeeded', raw: {}} as const;
  for (const [index, duration] of durations.entries()) {
    let [after, elapsed] = [0, 0];
    for (let attempt = 1; elapsed < duration; attempt++) {
      if (index >= warmUp)
        tally(attempt === 1 ? tallies.first : tallies.later, schedule.estimate(elapsed), duration - elapsed);
      after = elapsed;
      const context = {
        attempt,
        elapsed,
        status: 'running',
        operation: undefined,
        failures: 0,
        random: random(),
      } as const;
      elapsed += Math.max(1, Math.ceil(schedule(context)));
    }
    schedule.ended(isExact ? {elapsed: duration, after: duration - 1, operation} : {elapsed, after, operation});
  }
}

function tally(to: Tally, estimate: ReturnType<ReturnType<typeof schedules.adaptive>['estimate']>, rest: number): void {
  if (estimate === undefined) return;
  to.made++;
  for (const [index, quantile] of quantiles.entries()) {
    if (rest <= estimate[quantile]) to.before[index] = (to.before[index] ?? 0) + 1;
  }
}

/**
 * Prints how often the true end came before each quantile, as the polls show the ends and as they would be with ends known to the
 * millisecond; and writes the plot of the first where it is asked for.
 */
export async function benchmarkEstimate(): Promise<void> {
  const rows = printTable(false);
  console.log('\nWith ends known to the millisecond:\n');
  printTable(true);
  const path = process.env['BENCH_PLOT'];
  if (path !== undefined) writeFileSync(path, calibrationPlot(rows));
}

interface Row {
  readonly title: string;
  readonly shares: readonly number[];
}

function printTable(isExact: boolean): readonly Row[] {
  console.log('| distribution | estimates | p10 | p50 | p90 | within 5 points |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  const rows: Row[] = [];
  for (const [number, {name, draw}] of distributions.entries()) {
    const random = chance(number + 1);
    const durations = Array.from({length: warmUp + measured}, (_, index) => draw(random, index));
    const tallies: Tallies = {first: emptyTally(), later: emptyTally()};
    for (let learner = 0; learner < learners; learner++)
      simulate(durations, 3000 + 100 * learner + number, tallies, isExact);
    for (const [when, {made, before}] of [
      ['when watching begins', tallies.first],
      ['at later polls', tallies.later],
    ] as const) {
      const shares = before.map((count) => (100 * count) / made);
      const met = shares.every((share, index) => Math.abs(share - (promised[index] ?? 0)) <= 5);
      rows.push({title: `${name}, ${when}`, shares});
      console.log(
        `| ${name} | ${when} | ${shares.map((share) => `${share.toFixed(1)} %`).join(' | ')} | ${met ? 'met' : 'missed'} |`,
      );
    }
  }
  return rows;
}
