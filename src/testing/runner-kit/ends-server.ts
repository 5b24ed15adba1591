import {readBody} from '../incoming-request.ts';
import {startLoopbackServer} from '../loopback-server.ts';
import type {ReportedEnd} from './kit-turn-options.ts';

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
  stop(): Promise<void>;
}

/** Starts the server. @param answerTo what to do with the next call for a key */
export async function startEndsServer(answerTo: (key: string) => EndAnswer): Promise<EndsServer> {
  const calls: EndCall[] = [];
  const server = await startLoopbackServer(0);
  server.serve((request, response) => {
    void readBody(request).then((body) => {
      if (typeof body !== 'string') return;
      const end: ReportedEnd = JSON.parse(body);
      const answer = answerTo(end.key);
      calls.push({...end, at: Date.now(), answer});
      if (answer !== 'hold') response.writeHead(answer === 'resolve' ? 204 : 503).end();
    });
  });
  return {url: server.root, calls, stop: () => server.stop()};
}
