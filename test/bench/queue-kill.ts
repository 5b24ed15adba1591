// Workers are killed and stopped at random moments, and so is Redis with its append-only file: no operation is lost, none ends
// twice or wrongly, and none is polled early unless an answer was lost. BENCH_OPERATIONS and BENCH_MINUTES give other sizes.
import {causes} from './queue-kill/cause.ts';
import {killQueue, type QueueKillPlan} from './queue-kill/kill-queue.ts';
import {startBenchRedis} from './redis.ts';
import {percentile} from './statistics.ts';

/** Prints what was lost and what it cost, and throws when something was lost or wrong. */
export async function benchmarkQueueKill(): Promise<void> {
  const plan: QueueKillPlan = {
    operations: Number(process.env['BENCH_OPERATIONS'] ?? 20_000),
    workers: 4,
    time: Number(process.env['BENCH_MINUTES'] ?? 10) * 60_000,
    troubleEvery: 15_000,
    recoverAfter: 5000,
  };
  const redis = await startBenchRedis({appendOnly: true});
  try {
    const report = await killQueue(plan, redis);
    const {kills, stops, restarts, lost, wrong, twice, polls, uncounted, early, lateness, took} = report;
    const at = (percent: number): string => `${percentile(lateness, percent)} ms`;
    console.log(
      `${plan.operations} operations, ${plan.workers} workers, ${(took / 1000).toFixed(0)} s: ${kills} times a worker was killed, ` +
        `${stops} times stopped for a while, ${restarts} times Redis was killed\n` +
        `lost ${lost}, ended wrongly ${wrong}, ended twice ${twice}\n` +
        `${polls} polls, of which ${uncounted} are in no outcome because their answer was lost\n` +
        `early after a lost answer, by what happened: ${causes.map((cause) => `${cause} ${early[cause]}`).join(', ')}\n` +
        `late: median ${at(50)}, 99th percentile ${at(99)}, at most ${at(100)}`,
    );
    // What it takes to find out why.
    const {unexplained, troubles} = report;
    if (unexplained.length > 0) console.error(JSON.stringify({unexplained, troubles}));
    if (lost + wrong + twice + unexplained.length > 0)
      throw new Error('something was lost, wrong, ended twice or early');
    if (kills * stops * restarts === 0) throw new Error('it was over before everything had gone wrong');
  } finally {
    await redis.stop();
  }
}
