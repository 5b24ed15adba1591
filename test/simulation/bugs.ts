/** A bug to put back: the file of src, what is there, and what to put in its place. */
export interface Bug {
  readonly name: string;
  readonly file: string;
  readonly search: string;
  readonly replace: string;
}

/**
 * Bugs that the simulation has to find. Each is made in a copy of src by replacing one piece of text, which must be there once:
 * `node build/test/simulation/find-bugs.js` says which no longer fit.
 */
export const bugs: readonly Bug[] = [
  {
    name: 'what the service asks for is taken for the schedule',
    file: 'polling/next-wait.ts',
    search: 'if (retryAfter !== undefined) {',
    replace: 'if (retryAfter !== undefined && retryAfter < 0) {',
  },
  {
    name: 'no last poll before the deadline',
    file: 'polling/next-wait.ts',
    search: "if (untilLastPoll > 0) return {...planned, delay: untilLastPoll, because: 'deadline'};",
    replace: '',
  },
  {
    name: 'a status is announced each time',
    file: 'operation/reducer.ts',
    search: 'if (isHigher) events.push(statusEvent(after, at, answer, operation));',
    replace: 'events.push(statusEvent(after, at, answer, operation));',
  },
  {
    name: 'a stop leaves the timer',
    file: 'polling/watch.ts',
    search: 'clearTimeout(this.#timer);',
    replace: '',
  },
  {
    name: 'an abort does not reach the request',
    file: 'polling/watch.ts',
    search: 'controller?.abort();',
    replace: '',
  },
  {
    name: 'the token follows redirects abroad',
    file: 'http/authorization.ts',
    search: 'return (url.origin === tokenOrigin || trustedOrigins.has(url.origin)) && isSecureOrLoopback(url);',
    replace: 'return isSecureOrLoopback(url);',
  },
  {
    name: 'the first 404 is the end',
    file: 'polling/step.ts',
    search: 'at - missingSince >= settings.notFoundGrace',
    replace: 'at - missingSince >= 0',
  },
  {
    name: 'a gate holds back nobody but who was told',
    file: 'graph/client-transport.ts',
    search: 'if (retryAfter !== undefined) gate.refused(retryAfter);',
    replace: '',
  },
  {
    name: 'the deadline is forgotten by resume tokens',
    file: 'operation/resume-token.ts',
    search: 'if (state.deadlineAt !== undefined) token.deadlineAt = state.deadlineAt;',
    replace: '',
  },
  {
    name: 'a workflow asks for the time on each replay',
    file: 'durable/watch-durably.ts',
    search: "const now = await host.now(named('begin'));",
    replace: "await host.now(named('begin'));\n  const now = Date.now();",
  },
];
