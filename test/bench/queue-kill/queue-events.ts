// What BullMQ says about the jobs of a queue.
import type {Redis} from 'ioredis';

/** What happened to a job. */
export interface JobEvent {
  /** In milliseconds since 1970, by Redis' clock. */
  readonly at: number;
  /** BullMQ's name: `'active'` when a worker got it, `'stalled'` when the worker that had it was presumed dead. */
  readonly name: string;
  /** How many polls its outcome counts, where it has been completed. */
  readonly attempts?: number;
}

/** Reads all of BullMQ's events: those of each job, by its id, in their order. */
export async function readEvents(client: Redis, stream: string): Promise<ReadonlyMap<string, readonly JobEvent[]>> {
  const events = new Map<string, JobEvent[]>();
  for (let from = '-'; ; ) {
    const page = await client.xrange(stream, from, '+', 'COUNT', 10_000);
    for (const [at, flat] of page) {
      const fields = new Map(flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? '']] : [])));
      const jobId = fields.get('jobId') ?? '';
      const name = fields.get('event') ?? '';
      const event = {at: Number.parseInt(at, 10), name};
      const of = events.get(jobId) ?? [];
      of.push(name === 'completed' ? {...event, attempts: attemptsOf(fields.get('returnvalue'))} : event);
      events.set(jobId, of);
    }
    const last = page.at(-1);
    if (last === undefined) return events;
    from = `(${last[0]}`;
  }
}

function attemptsOf(outcome = '{}'): number {
  return JSON.parse(outcome).token.attempt;
}
