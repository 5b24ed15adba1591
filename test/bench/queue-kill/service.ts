// A service that knows by their tokens which worker asks, and says when to come again.
import {once} from 'node:events';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';

/** A request, and what was answered. Times are in milliseconds since 1970. */
export interface Poll {
  /** The worker's. */
  readonly token: string;
  readonly askedAt: number;
  /** Infinite until then. */
  answeredAt: number;
  /** When the next one may come; infinite until it is answered, and where it was the end. */
  dueAt: number;
}

/** A poll that came although an answer before it did not allow one yet. */
export interface EarlyPoll {
  /** The operation's. */
  readonly key: string;
  readonly poll: Poll;
  /** Which of the operation's polls it is, from 1. */
  readonly number: number;
  readonly before: Poll;
}

export interface Service {
  readonly root: string;
  readonly polls: number;
  readonly early: readonly EarlyPoll[];
  /** How long after the moment that the service named each other poll came, in milliseconds. */
  readonly lateness: readonly number[];
  pollsOf(key: string): number;
  /** What the service has said about the end of an operation. */
  endOf(id: number): string | undefined;
  stop(): void;
}

const fewestPolls = 3;
export const mostPolls = 6;
const longestAnswer = 200;
/** How much earlier a poll may seem to come, in milliseconds: two processes read their clocks in whole ones. */
const tolerance = 2;

/** @param time about how long an operation takes, in milliseconds */
export async function startService({operations, time}: {operations: number; time: number}): Promise<Service> {
  const asked: Poll[][] = Array.from({length: operations}, () => []);
  const ends = new Map<number, string>();
  const early: EarlyPoll[] = [];
  const lateness: number[] = [];
  let polls = 0;
  const server = createServer((request, response) => {
    const key = (request.url ?? '').slice(1);
    const id = Number(key);
    const before = asked[id] ?? [];
    const askedAt = Date.now();
    const poll: Poll = {
      token: (request.headers.authorization ?? '').replace('Bearer ', ''),
      askedAt,
      answeredAt: Number.POSITIVE_INFINITY,
      dueAt: Number.POSITIVE_INFINITY,
    };
    const tooEarly = before.find(({dueAt}) => dueAt - askedAt > tolerance);
    const last = before.at(-1);
    if (tooEarly !== undefined) early.push({key, poll, number: before.length + 1, before: tooEarly});
    else if (last !== undefined) lateness.push(askedAt - last.dueAt);
    before.push(poll);
    polls += 1;
    const planned = fewestPolls + (id % (mostPolls - fewestPolls + 1));
    const isEnd = before.length >= planned;
    const status = !isEnd ? 'running' : id % 3 === 0 ? 'failed' : 'succeeded';
    // In whole seconds, as HTTP has it.
    const retryAfter = Math.ceil(((0.8 + 0.4 * Math.random()) * time) / planned / 1000);
    setTimeout(() => {
      poll.answeredAt = Date.now();
      if (isEnd) ends.set(id, status);
      else poll.dueAt = poll.answeredAt + retryAfter * 1000;
      if (!isEnd) response.setHeader('retry-after', retryAfter);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({id: key, status}));
    }, Math.random() * longestAnswer);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address() as AddressInfo;
  return {
    root: `http://127.0.0.1:${port}`,
    get polls() {
      return polls;
    },
    early,
    lateness,
    pollsOf: (key) => asked[Number(key)]?.length ?? 0,
    endOf: (id) => ends.get(id),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
