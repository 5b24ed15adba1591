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
    name: '`Retry-After: 0` is a wait of 0 ms',
    file: 'http/retry-after.ts',
    search: 'const shortestWait = 100;',
    replace: 'const shortestWait = 0;',
  },
  {
    name: 'a clock that is set back holds the gate',
    file: 'client/rate-gate.ts',
    search: "import {now} from '../shared/clock.ts';",
    replace: 'const now = (): number => Date.now();',
  },
  {
    name: 'the deadline does not run while a request is held back',
    file: 'http/time-limit.ts',
    search: "if (stage.is === 'waiting') enter(stage);",
    replace: '',
  },
  {
    name: '`azure.location` takes any 200 for succeeded',
    file: 'protocol/azure.ts',
    search: "statusIfKnown: '/status',",
    replace: '',
  },
  {
    name: '`Completed` at a monitor is running',
    file: 'protocol/azure.ts',
    search: "Completed: 'succeeded',",
    replace: '',
  },
  {
    name: 'a token that comes back as a key is kept',
    file: 'http/redact.ts',
    search: 'if (isSecret || containsSecret(key, secrets)) return true;',
    replace: 'if (isSecret) return true;',
  },
  {
    name: 'a move abroad ends the watch',
    file: 'polling/poll.ts',
    search: 'if (target.href === current.href) return undefined;',
    replace: `if (target.href === current.href) return undefined;
    if (target.origin !== current.origin && !foreignHosts) {
      const answer = {httpStatus: 200, clientRequestId: ''};
      throw protocolError('it moves abroad', {answer, retryAfter: undefined}, 'protocol');
    }`,
  },
  {
    name: 'a 403 with `Retry-After` ends the watch',
    file: 'http/request-errors.ts',
    search: "(status === 403 && (retryAfter !== undefined || headers.has('retry-after')))",
    replace: '(headers === undefined && retryAfter === undefined)',
  },
  {
    name: 'a date is measured by our own clock',
    file: 'http/retry-after.ts',
    search: '- serverTime(headers, ownTime));',
    replace: '- Math.min(ownTime, serverTime(headers, ownTime) + 1e15));',
  },
  {
    name: '`Retry-After` of an answer that cannot be read is ignored',
    file: 'http/request-errors.ts',
    search: "{kind: 'protocol', transient: false, answer, retryAfter, ends}",
    replace: "{kind: 'protocol', transient: false, answer, retryAfter: retryAfter === -1 ? -1 : undefined, ends}",
  },
  {
    name: 'what the service asks for is taken for the schedule',
    file: 'polling/next-wait.ts',
    search: 'if (retryAfter !== undefined)\n',
    replace: 'if (retryAfter !== undefined && retryAfter < 0)\n',
  },
  {
    name: 'no last poll before the deadline',
    file: 'polling/next-wait.ts',
    search: "if (untilLastPoll > 0) return {...planned, delay: untilLastPoll, because: 'deadline'};",
    replace: '',
  },
  {
    name: 'a status is announced each time',
    file: 'operation/emitted-events.ts',
    search: 'if (after.highestStatus !== before.highestStatus) {',
    replace: 'if (after.highestStatus !== undefined) {',
  },
  {
    name: 'a stop leaves the timer',
    file: 'polling/watch.ts',
    search: 'watching--;\n    this.#clearTimer();',
    replace: 'watching--;',
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
    search: 'return (origin === tokenOrigin || trustedOrigins.has(origin)) && isSecureOrLoopback(origin);',
    replace: 'return isSecureOrLoopback(origin);',
  },
  {
    name: 'the first 404 is the end',
    file: 'polling/failed-poll.ts',
    search: 'at - missingSince >= notFoundGrace',
    replace: 'at - missingSince >= 0',
  },
  {
    name: 'a gate holds back nobody but who was told',
    file: 'client/request-limiter.ts',
    search: 'if (longestWait !== undefined) gate.throttled(Math.min(longestWait, maxWait));',
    replace: '',
  },
  {
    name: "another origin than the client's own has no gate",
    file: 'client/request-limiter.ts',
    search: 'let longestWait: number | undefined;',
    replace: 'let longestWait: number | undefined;\n    if (!location.startsWith(this.#origin)) return;',
  },
  {
    name: 'what a gate has held back leaves all at once',
    file: 'client/rate-gate.ts',
    search: 'this.#nextAt = now() + this.#interval * weight;',
    replace: 'this.#nextAt = now();',
  },
  {
    name: 'what waited for others to end leaves though its gate has closed',
    file: 'client/rate-gate.ts',
    search: 'if (now() >= this.#dueAt) break;',
    replace: 'break;',
  },
  {
    name: 'a batch counts as one request in flight',
    file: 'client/concurrency-limit.ts',
    search: 'return this.#inFlight === 0 || this.#inFlight + weight <= this.#limit;',
    replace: 'return this.#inFlight === 0 || this.#inFlight + Math.min(weight, 1) <= this.#limit;',
  },
  {
    name: 'a request may take as long as it likes',
    file: 'http/time-limit.ts',
    search: 'const end = stage.sentAt + requestTimeout;',
    replace: 'const end = stage.sentAt + 100 * requestTimeout;',
  },
  {
    name: 'a listener is left on a signal',
    file: 'shared/abort.ts',
    search: "signal.removeEventListener('abort', listener);",
    replace: '',
  },
  {
    name: 'the deadline is forgotten by resume tokens',
    file: 'operation/resume-token.ts',
    search: "'deadlineAt',",
    replace: '',
  },
  {
    name: 'a workflow asks for the time on each replay',
    file: 'durable/watch-durably.ts',
    search: 'const now = await host.now(name);',
    replace: 'await host.now(name);\n  const now = Date.now();',
  },
  {
    name: 'a start is sent again after a 500',
    file: 'http/exchange.ts',
    search: 'if (status !== 401 || token === undefined ||',
    replace: 'if ((status !== 401 && status !== 500) || token === undefined ||',
  },
  {
    name: 'a start that failed never began',
    file: 'client/start-request.ts',
    search: 'wasSent && mayBeProcessed(cause)',
    replace: 'wasSent && !mayBeProcessed(cause)',
  },
  {
    name: 'how long a cache has held an answer is ignored',
    file: 'http/retry-after.ts',
    search: 'date + age * 1000',
    replace: 'date + age * 0',
  },
  {
    name: 'the longest wait is not kept to',
    file: 'http/send.ts',
    search: 'atMost(wait ?? asWait(reader.retryAfter?.(headers, json)), maxRetryAfter);',
    replace: 'wait ?? asWait(reader.retryAfter?.(headers, json));',
  },
  {
    name: 'a body may be of any length',
    file: 'http/read-body.ts',
    search: 'text.length <= maxLength ? text : undefined',
    replace: 'text',
  },
  {
    name: '`waitFor` waits on when watching is over',
    file: 'polling/operation-changes.ts',
    search: 'outcome = ended;\n      wake?.();',
    replace: 'outcome = ended;',
  },
  {
    name: 'what a listener throws is lost',
    file: 'shared/report-error.ts',
    search: 'catch (error) {\n    reportUncaught(error);',
    replace: 'catch {',
  },
  {
    name: 'a listener that was removed in an event gets it',
    file: 'shared/listeners.ts',
    search: 'if (!listeners.has(listener)) continue;',
    replace: '',
  },
  {
    name: 'a key in a header of its own goes wherever a result is',
    file: 'polling/fetch-result.ts',
    search: 'tokenOrigin: resultOrigin ?? state.tokenOrigin,',
    replace: `tokenOrigin:
      reader.tokenHeader.name === 'authorization' ? (resultOrigin ?? state.tokenOrigin) : new URL(found.location).origin,`,
  },
  {
    name: 'a wait in the body is ignored',
    file: 'protocol/wait-place.ts',
    search: '?? valueAt(json, pointerPaths(at));',
    replace: '?? undefined;',
  },
  {
    name: 'a start leaves although its user has given up',
    file: 'client/start-request.ts',
    search: '= deriveController(signal);',
    replace: '= deriveController(undefined);',
  },
  {
    name: 'a start leaves when its time is over',
    file: 'client/start-request.ts',
    search: 'sendingInTime(client.startTransport, deadlineAt, startTimeout)',
    replace: 'client.startTransport',
  },
  {
    name: 'a hint shortens the wait that the service asked for',
    file: 'polling/step.ts',
    search: 'const delay = Math.ceil(Math.max(0, (notBefore ?? at) - at));',
    replace: 'const delay = 0;',
  },
  {
    name: 'a hint shortens the wait that the answer to a start asked for',
    file: 'client/start.ts',
    search: 'const notBefore = retryAfter === undefined ? undefined : at + retryAfter;',
    replace: 'const notBefore = undefined;',
  },
  {
    name: 'a hint changes nothing',
    file: 'polling/step.ts',
    search: 'if (isOver(state) || at + delay >= dueAt) return undefined;',
    replace: 'if (delay >= 0) return undefined;',
  },
  {
    name: 'a turn that comes too early polls',
    file: 'runner/take-turn.ts',
    search: 'if (dueAt > now) return {record, events: [], dueAt};',
    replace: '',
  },
  {
    name: 'an end is stored only after it is handed over',
    file: 'runner/take-turn.ts',
    search: 'return turn.onEnd === undefined ? {...facts, done: outcome} : {...facts, dueAt: ended.dueAt};',
    replace: `void turn.onEnd?.({id: record.id, key: record.key, outcome, data: record.data, signal: neverAborted});
    return turn.onEnd === undefined ? {...facts, done: outcome} : {...facts, dueAt: ended.dueAt};`,
  },
  {
    name: 'a record whose end nobody took is done',
    file: 'runner/take-turn.ts',
    search: 'return {record: {...record, ended: {...ended, dueAt, rejections}}, events: [], dueAt, error};',
    replace: 'return {record, events: [], done: outcome, error};',
  },
  {
    name: 'a turn polls an origin that is held back',
    file: 'runner/step-unless-held.ts',
    search: 'let hold = holdOf(state, heldUntil, clock.now());',
    replace: 'let hold = holdOf(state, undefined, clock.now());',
  },
  {
    name: 'a request whose batch failed goes into a batch again',
    file: 'graph/batcher.ts',
    search: 'sendAlone(pending);',
    replace: "(collecting.get('again') ?? openBatch('again')).requests.push(pending);",
  },
  {
    name: 'what a batch was refused for runs out of its time while it waits',
    file: 'graph/batcher.ts',
    search: 'request.onRequeued?.();',
    replace: '',
  },
  {
    name: 'the first report of a start is asked for again',
    file: 'client/start.ts',
    search:
      "if (first === undefined || requested !== location || request.method !== 'GET') return transport(requested, request);",
    replace: 'if (first !== null) return transport(requested, request);',
  },
  {
    name: "a client's own headers follow redirects abroad",
    file: 'client/headers.ts',
    search: 'hasOrigin(location, origin) ? {...request, headers',
    replace: 'origin !== location ? {...request, headers',
  },
  {
    name: 'a tracker hands an end over while it is being stored',
    file: 'tracker/record-runner.ts',
    search: 'void writer.put(key, turn.record).then(() => {',
    replace: 'void writer.put(key, turn.record);\n      void Promise.resolve().then(() => {',
  },
  {
    name: 'a tracker forgets what its store rejected',
    file: 'tracker/store-writer.ts',
    search: 'this.#pending.set(key, newer === undefined ? again : merge(again, newer));',
    replace: '',
  },
  {
    name: 'a tracker removes an end before onEnd has resolved',
    file: 'runner/take-turn.ts',
    search: 'await onEnd?.({id, key, outcome, data, signal});',
    replace: 'onEnd?.({id, key, outcome, data, signal});',
  },
  {
    name: 'a tracker that is closed waits for no onEnd',
    file: 'tracker/record-runner.ts',
    search: 'await this.#turn;',
    replace: '',
  },
  {
    name: 'a tracker that is closed leaves unstored what its store had rejected',
    file: 'tracker/store-writer.ts',
    search: 'while (this.#working.size > 0) await Promise.all(this.#working.values());',
    replace: 'this.#pending.clear();',
  },
  {
    name: 'a tracker that is closed lets `outcome()` wait on',
    file: 'tracker/record-runner.ts',
    search: 'if (!wasOver && this.outcome === undefined) this.#settle(this.#stoppedOutcome(why));',
    replace: 'if (wasOver) this.#settle(this.#stoppedOutcome(why));',
  },
  {
    name: 'onEnd is called after its tracker was closed',
    file: 'tracker/record-runner.ts',
    search: 'controller.throwIfAborted();',
    replace: '',
  },
  {
    name: 'a token goes as a bearer token, whatever its protocol says',
    file: 'protocol/compile-fields.ts',
    search: "typeof authorization === 'object' ? authorization",
    replace: "typeof authorization === 'number' ? authorization",
  },
  {
    name: 'a watch that is resumed is due before the service allows it',
    file: 'options/resume.ts',
    search: 'Math.max(state.dueAt, allowedAt)',
    replace: 'state.dueAt',
  },
  {
    name: 'a cancel that is refused ends the watch',
    file: 'poller.ts',
    search: 'await cancelOperation(this.#watch.settings, state);',
    replace: `await cancelOperation(this.#watch.settings, state).catch((error: unknown) => {
      this.stop(error);
      throw error;
    });`,
  },
  {
    name: 'a cancel is sent after the end',
    file: 'poller.ts',
    search: 'if (state.operation === undefined || !hasEnded(state.operation)) await cancel',
    replace: 'await cancel',
  },
  {
    name: 'a cancel goes wherever the service says',
    file: 'polling/cancel.ts',
    search: 'return target && origins.includes(new URL(target).origin) ? target : undefined;',
    replace: 'return target ?? origins[3];',
  },
  {
    name: 'a cancel follows redirects',
    file: 'http/exchange.ts',
    search: "= method === 'GET' && redirectStatuses",
    replace: '= redirectStatuses',
  },
  {
    name: 'a cancel waits at the gate as long as that is closed',
    file: 'polling/cancel.ts',
    search: 'const deadlineAt = now() + settings.requestTimeout;',
    replace: 'const deadlineAt = Number.POSITIVE_INFINITY;',
  },
  {
    name: 'a cancel leaves when its time is over',
    file: 'polling/cancel.ts',
    search: 'sendingInTime(settings.transport, deadlineAt, settings.requestTimeout)',
    replace: 'settings.transport',
  },
  {
    name: 'a cancel that is refused resolves',
    file: 'polling/cancel.ts',
    search: 'if (response.status >= 300) throw',
    replace: 'if (response.status >= 500) throw',
  },
  {
    name: 'the answer to a start answers what cancels the operation',
    file: 'client/start.ts',
    search: " || request.method !== 'GET') return transport",
    replace: ') return transport',
  },
  {
    name: 'a password that the answer to a poll quotes is kept',
    file: 'graph/password-reset.ts',
    search: 'return redactResponse(response, formsOf(quoted));',
    replace: 'return response;',
  },
  {
    name: 'a location that quotes the password goes into the resume token',
    file: 'graph/password-reset.ts',
    search: 'const clean = redactResponse(response, formsOf(quoted));',
    replace: 'const clean = {...redactResponse(response, formsOf(quoted)), headers: response.headers};',
  },
  {
    name: 'the error of a refused reset quotes the password',
    file: 'graph/password-reset.ts',
    search: '{...clean, body: onlyCode(body, given)};',
    replace: '{...clean, body};',
  },
  {
    name: 'a password is handed over before its reset has succeeded',
    file: 'graph/password-reset.ts',
    search: "const succeeded = poller.waitFor('succeeded');",
    replace: "const succeeded = poller.waitFor('running');",
  },
  {
    name: 'a password is forgotten, and then quoted by what refuses to cancel',
    file: 'graph/password-reset.ts',
    search: 'quoted.isForgotten = true;',
    replace: '',
  },
];
