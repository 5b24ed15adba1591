import {isRecord} from '../checks.ts';
import {readBody} from '../incoming-request.ts';
import {startLoopbackServer} from '../loopback-server.ts';
import {parseJson} from '../parse-json.ts';
import {type ReportedEnd, stallsPath} from './kit-turn-options.ts';
import type {Stalls} from './stalls.ts';

/** What the kit does with a call of `onEnd`: it resolves, it rejects, or it takes until its process is killed. */
export type EndAnswer = 'resolve' | 'reject' | 'hold';

/** A call of `onEnd`, as it reached the kit. */
export interface EndCall extends ReportedEnd {
  /** In milliseconds since 1970. */
  readonly at: number;
  readonly answer: EndAnswer;
}

/** Gets the calls of `onEnd`. */
export interface EndsServer {
  readonly url: string;
  /** All calls, in the order of their arrival. */
  readonly calls: readonly EndCall[];
  /** The stalls of the runner's processes, as far as they could tell of them. */
  readonly stalls: readonly Stalls[];
  /** What to do with the first calls for a key; any more resolve. */
  readonly planned: Map<string, readonly EndAnswer[]>;
  stop(): Promise<void>;
}

/** Whether it is what `kitTurnOptions` sends: any process of the machine may send something. */
function isReportedEnd(value: unknown): value is ReportedEnd {
  if (!isRecord(value)) return false;
  const {id, key, status} = value;
  return [id, key, status].every((text) => typeof text === 'string') && isStalls(value);
}

function isStalls(value: unknown): value is Stalls {
  if (!isRecord(value)) return false;
  const {stall, lost} = value;
  return typeof stall === 'number' && typeof lost === 'number';
}

/** Starts the server. */
export async function startEndsServer(): Promise<EndsServer> {
  const calls: EndCall[] = [];
  const stalls: Stalls[] = [];
  const planned = new Map<string, readonly EndAnswer[]>();
  const server = await startLoopbackServer(0);
  server.serve((request, response) => {
    void readBody(request).then((body) => {
      const end = parseJson(String(body));
      if (request.url === stallsPath && isStalls(end)) {
        stalls.push(end);
        response.writeHead(204).end();
        return;
      }
      if (request.url === stallsPath || !isReportedEnd(end)) {
        response.writeHead(400).end();
        return;
      }
      stalls.push(end);
      const earlier = calls.filter(({key}) => key === end.key).length;
      const answer = planned.get(end.key)?.[earlier] ?? 'resolve';
      calls.push({...end, at: Date.now(), answer});
      if (answer !== 'hold') response.writeHead(answer === 'resolve' ? 204 : 503).end();
    });
  });
  return {url: server.root, calls, stalls, planned, stop: () => server.stop()};
}
