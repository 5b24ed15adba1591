// One adaptive schedule for the workers of all processes: each writes the ends that it sees to Redis, and learns from those of all.
import type {Redis} from 'ioredis';
import {type AdaptiveSchedule, type Schedule, schedules} from 'operation-poller';

export async function learnTogether(redis: Redis, key: string): Promise<Schedule> {
  const schedule: AdaptiveSchedule = schedules.adaptive();
  let last = '0';
  const read = async (): Promise<void> => {
    for (const [id, [, after, , elapsed]] of await redis.xrange(key, `(${last}`, '+')) {
      schedule.ended({after: Number(after), elapsed: Number(elapsed)});
      last = id;
    }
  };
  await read();
  let reading: Promise<unknown> = Promise.resolve(); // one after another: no end counts twice
  const ended: Schedule['ended'] = ({after, elapsed}) => {
    const added = redis.xadd(key, 'MAXLEN', '~', 200, '*', 'after', after, 'elapsed', elapsed).catch(console.error);
    reading = Promise.all([added, reading]).then(read).catch(console.error);
  };
  return Object.assign((context: Parameters<Schedule>[0]) => schedule(context), {ended, estimate: schedule.estimate});
}
