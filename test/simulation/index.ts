// `npm run simulate` lives through worlds, one for each seed: `-- --seeds 100000`, or from another one on: `-- --from 500 --seeds
// 1000`. `-- --seed 7` replays one and prints what happened. `-- --without jump,'wait 0'` leaves out faults and incidents by name,
// and `-- --keep-going` prints violations as they occur and counts them by invariant instead of stopping at the first.
import {parseArgs} from 'node:util';
import {installVirtualTime} from './virtual-time.ts';

const realNow = performance.now.bind(performance);
const {values} = parseArgs({
  options: {
    seeds: {type: 'string', default: '10000'},
    from: {type: 'string', default: '0'},
    seed: {type: 'string'},
    without: {type: 'string', default: ''},
    'keep-going': {type: 'boolean', default: false},
  },
});
const names = values.without.split(',').filter((name) => name !== '');
const unwanted = (name: string): boolean => names.some((each) => name === each || name.startsWith(`${each} `));

const began = realNow();
const putBack = installVirtualTime();
// Loaded only now, so that nothing in it has seen another clock.
const {simulate, shrink, catchUncaught} = await import('./simulate.ts');
const ignore = catchUncaught();
try {
  if (values.seed !== undefined) await replay(Number(values.seed));
  else await simulateMany(Number(values.from), Number(values.seeds));
} finally {
  ignore();
  putBack();
}

async function replay(seed: number): Promise<void> {
  Error.stackTraceLimit = 20;
  const {plan, violation, outcomes} = await simulate(seed, unwanted);
  const shrunk = await shrink(plan, violation ?? {invariant: '', why: ''});
  console.log(JSON.stringify(shrunk.plan, undefined, 1));
  console.log(shrunk.timeline.join('\n'));
  console.log(
    violation === undefined
      ? `seed ${seed}: ${outcomes.join(', ')}`
      : `seed ${seed}: ${violation.invariant}: ${violation.why}`,
  );
  if (violation !== undefined) process.exitCode = 1;
}

async function simulateMany(from: number, count: number): Promise<void> {
  const counts = new Map<string, number>();
  const outcomes = new Map<string, number>();
  const violations = new Map<string, {count: number; readonly seeds: number[]}>();
  let done = 0;
  for (let seed = from; seed < from + count; seed++) {
    const simulated = await simulate(seed, unwanted);
    done += 1;
    if (values['keep-going'] && done % 100_000 === 0) console.log(`${done} seeds, the last of them ${seed}`);
    for (const [name, number] of simulated.counts) counts.set(name, (counts.get(name) ?? 0) + number);
    for (const outcome of simulated.outcomes) outcomes.set(String(outcome), (outcomes.get(String(outcome)) ?? 0) + 1);
    const {violation} = simulated;
    if (violation === undefined) continue;
    const known = violations.get(violation.invariant) ?? {count: 0, seeds: []};
    violations.set(violation.invariant, known);
    known.count += 1;
    if (known.seeds.length < 8) known.seeds.push(seed);
    process.exitCode = 1;
    if (values['keep-going']) {
      console.log(`seed ${seed} violates ${violation.invariant}: ${violation.why}`);
      continue;
    }
    const shrunk = await shrink(simulated.plan, violation);
    console.log(`seed ${seed} violates ${violation.invariant}: ${violation.why}\n`);
    console.log(shrunk.timeline.join('\n'));
    console.log(`\nAgain: npm run simulate -- --seed ${seed}`);
    break;
  }
  const seconds = (realNow() - began) / 1000;
  console.log(`${done} seeds in ${seconds.toFixed(1)} s, ${Math.round(done / seconds)} a second`);
  print('Faults and incidents', counts);
  print('Outcomes', outcomes);
  for (const [invariant, known] of violations) {
    console.log(`VIOLATED ${invariant}: ${known.count} seeds, e.g. ${known.seeds.join(', ')}`);
  }
}

function print(title: string, counts: ReadonlyMap<string, number>): void {
  const sorted = [...counts].sort(([, one], [, other]) => other - one);
  console.log(`${title}: ${sorted.map(([name, count]) => `${name} ${count}`).join(', ')}`);
}
