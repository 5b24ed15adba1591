// Requests against delay: fixed, exponential and learned schedules, simulated over several distributions of durations. All of
// it is seeded. BENCH_PLOT=docs/schedules.svg writes the plot.
import {writeFileSync} from 'node:fs';
import {type Schedule, type ScheduleContext, schedules} from 'operation-poller';
import {chance, distributions, measured, warmUp} from './durations.ts';
import {mean, optimalTimes, type Point, requestsAt, summary} from './schedule-optimum.ts';
import {type Curve, plot} from './schedule-plot.ts';

/** How many learn anew, from the same operations and with chance of their own. */
const learners = 3;
const requestCosts = [250, 500, 1000, 2000, 4000, 8000, 16_000];
const initials = [250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000];
const factors = [1, 1.1, 1.25, 1.5, 2, 3];
const longest = [2000, 4000, 8000, 16_000, 30_000, 60_000, 600_000];

/** Watches one operation after another; `ended` hears of each. The first request, which all schedules send at once, does not count. */
function simulate(
  durations: readonly number[],
  schedule: Schedule,
  seed: number,
): {readonly warm: Point; readonly point: Point} {
  const random = chance(seed);
  const delays = new Float64Array(durations.length);
  const counts = new Float64Array(durations.length);
  const context: {-readonly [Key in keyof ScheduleContext]: ScheduleContext[Key]} = {
    attempt: 1,
    status: 'running',
    operation: undefined,
    elapsed: 0,
    failures: 0,
    random: 0,
  };
  const operation = {id: 'a', status: 'succeeded', rawStatus: 'succeeded', raw: {}} as const;
  for (const [index, duration] of durations.entries()) {
    let after = 0;
    context.attempt = 1;
    context.elapsed = 0;
    while (context.elapsed < duration) {
      after = context.elapsed;
      context.random = random();
      // As the step does: whole milliseconds. No wait at all is no time that passes, but a request takes some.
      context.elapsed += Math.max(1, Math.ceil(schedule(context)));
      context.attempt++;
    }
    schedule.ended?.({elapsed: context.elapsed, after, operation});
    counts[index] = context.attempt - 1;
    delays[index] = context.elapsed - duration;
  }
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  return {
    warm: summary(sum(counts.subarray(0, warmUp)), delays.subarray(0, warmUp)),
    point: summary(sum(counts.subarray(warmUp)), delays.subarray(warmUp)),
  };
}

function optimum(durations: readonly number[], requestCost: number, halves: boolean): Point {
  const parts = halves
    ? [durations.slice(0, durations.length / 2), durations.slice(durations.length / 2)]
    : [durations];
  let requests = 0;
  const delays: number[] = [];
  for (const part of parts) {
    const times = optimalTimes(part, requestCost);
    for (const duration of part) {
      const found = times.findIndex((time) => time >= duration);
      requests += found + 1;
      delays.push((times[found] ?? duration) - duration);
    }
  }
  return summary(requests, Float64Array.from(delays));
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
const percent = (share: number): string => `${share < 0 ? '−' : '+'}${Math.abs(share * 100).toFixed(0)} %`;

/** Prints the tables, and writes the plot where it is asked for. */
export async function benchmarkSchedules(): Promise<void> {
  const started = process.cpuUsage();
  const plots: {readonly title: string; readonly curves: readonly Curve[]}[] = [];
  const verdicts: string[] = [];
  for (const [number, {name, draw, shifts}] of distributions.entries()) {
    const random = chance(number + 1);
    const durations = Array.from({length: warmUp + measured}, (_, index) => draw(random, index));
    const counted = durations.slice(warmUp);
    const run = (schedule: Schedule): Point => simulate(durations, schedule, 1000 + number).point;
    const grid = (jitter: 'none' | 'full'): Point[] =>
      initials.flatMap((initial) =>
        factors.flatMap((factor) =>
          longest
            .filter((max) => max >= initial && (factor > 1 || max === longest.at(-1)))
            .map((max) => run(schedules.exponential({initial, factor, max, jitter}))),
        ),
      );
    const fixed = [...initials, 6000, 12_000, 24_000].map((delay) => run(schedules.fixed(delay)));
    const full = grid('full');
    const none = grid('none');
    const best = requestCosts
      .flatMap((cost) => [cost, cost * 1.4])
      .map((cost) => optimum(counted, cost, shifts ?? false));
    // A schedule that learns is itself a matter of chance: of one run alone a figure is off by some 5 %.
    const learned = requestCosts.map((requestCost) => {
      const runs = Array.from({length: learners}, (_, index) =>
        simulate(durations, schedules.adaptive({requestCost}), 2000 + 100 * index + number),
      );
      return {requestCost, warm: mean(runs.map(({warm}) => warm)), point: mean(runs.map(({point}) => point))};
    });

    console.log(`\n### ${name}\n`);
    console.log(
      '| requestCost | learned: requests | delay | p95 delay | in the first 300: requests, delay | exponential, full jitter | exponential, no jitter | fixed | optimum | clairvoyant |',
    );
    console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |');
    for (const {requestCost, warm, point} of learned) {
      const beside = (curve: readonly Point[]): string => {
        const requests = requestsAt(curve, point.delay);
        return Number.isFinite(requests) ? `${requests.toFixed(2)} (${percent(point.requests / requests - 1)})` : '–';
      };
      console.log(
        `| ${seconds(requestCost)} | ${point.requests.toFixed(2)} | ${seconds(point.delay)} | ${seconds(point.p95)} | ` +
          `${warm.requests.toFixed(2)}, ${seconds(warm.delay)} | ${[full, none, fixed, best].map(beside).join(' | ')} | 1, 0 s |`,
      );
    }
    for (const [against, curve] of [
      ['full jitter', full],
      ['no jitter', none],
    ] as const) {
      const shares = learned
        .map(({point}) => ({
          share: point.requests / requestsAt(curve, point.delay) - 1,
          withFirst: (point.requests + 1) / (requestsAt(curve, point.delay) + 1) - 1,
          possible: requestsAt(best, point.delay) / requestsAt(curve, point.delay) - 1,
        }))
        .filter(({share, possible}) => Number.isFinite(share) && Number.isFinite(possible));
      const middle = (key: 'share' | 'withFirst' | 'possible'): number => {
        const sorted = shares.map((each) => each[key]).sort((a, b) => a - b);
        return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
      };
      const worst = Math.max(...shares.map(({share}) => share));
      const target = shifts ? worst <= 0.1 : middle('share') <= -0.3 && worst <= 0.1;
      verdicts.push(
        `| ${name} | ${against} | ${percent(middle('share'))} | ${percent(worst)} | ${percent(middle('withFirst'))} | ${percent(middle('possible'))} | ` +
          `${shifts ? 'never over +10 %' : '−30 %, never over +10 %'} | ${target ? 'met' : 'missed'} |`,
      );
    }
    plots.push({
      title: name,
      curves: [
        {name: 'exponential, full jitter', points: full, hull: true},
        {name: 'exponential, no jitter', points: none, hull: true},
        {name: 'learned', points: learned.map(({point}) => point)},
        {name: 'optimum', points: best},
      ],
    });
  }
  console.log('\nLearned against the best exponential at the same mean delay, requests per operation:\n');
  console.log(
    '| distribution | jitter of the exponential | median | worst | median with the first request | the optimum’s median | target | |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
  console.log(verdicts.join('\n'));
  const cpu = process.cpuUsage(started);
  console.log(`\n${seconds((cpu.user + cpu.system) / 1000)} of processor time; the target is under 30 s.`);
  const path = process.env['BENCH_PLOT'];
  if (path !== undefined) writeFileSync(path, plot(plots));
}
