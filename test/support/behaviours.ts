import dns from 'node:dns';
import {once} from 'node:events';
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import {type AddressInfo, isIP} from 'node:net';
import {setImmediate as nextTurn} from 'node:timers/promises';
import {afterEach, beforeEach, expect, jest} from '@jest/globals';
import ky, {type KyInstance} from 'ky';
import {setTransport, type Transport, transportOf} from '../../src/http/transport.ts';
import {
  type OperationError,
  type OperationEvent,
  type OperationPoller,
  PollError,
  type PollErrorKind,
  type PollOptions,
  pollOperation,
  schedules,
} from '../../src/index.ts';
import {now} from '../../src/shared/clock.ts';
import {
  type EmulatedOperation,
  type GraphEmulator,
  type GraphEmulatorOptions,
  type OperationStep,
  skipWaits as skipWaitsOf,
  startGraphEmulator,
} from '../../src/testing/index.ts';

export const token = 'test-token';

/** What sends the requests of these tests: the library's default, or what {@link switchTransport} says. */
export const transport: Pick<PollOptions, 'http'> = {};

/** Options under which nothing takes time. */
export const quick = {
  token,
  schedule: schedules.fixed(1),
  retry: {retries: 3, minTimeout: 1, maxTimeout: 1, randomize: false},
} satisfies PollOptions;

/** How a child process makes the same: an expression. */
export let transportOfChild = 'undefined';

/**
 * Makes {@link transport}, {@link quick} and child processes use another transport. Call it before importing the tests that
 * are to run on it: some make their options when they are imported.
 *
 * @param make makes it; a function that the module exports
 * @param module the module's path in `src/`, with the extension .js
 */
export function switchTransport(make: () => KyInstance, module: string): KyInstance {
  const http = make();
  for (const options of [transport, quick]) Object.assign(options, {http});
  transportOfChild = `(await import(join(folder, ${JSON.stringify(module)}))).${make.name}()`;
  return http;
}

/** The transport of these tests with something in between. */
export function wrapTransport(between: (transport: Transport) => Transport): KyInstance {
  const http = ky.create();
  setTransport(http, between(transportOf(transport.http)));
  return http;
}

const cleanups: Array<() => unknown> = [];

/** Runs after the test, in the order of these calls, on real timers. */
export function afterwards(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

/** When the test began, by the clock that the library measures with: the wall clock cuts off another part of a millisecond. */
let testBegan = 0;

// The real timers that the library and the emulator have set and that have neither fired nor been cleared.
const timers = new Set<unknown>();
export const realTimers = {setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout};

const {lookup} = dns;

/** Knows this machine alone. A name server may take longer to say that it does not know a name than a test may take. */
const lookUpHere = (host: string, ...rest: readonly unknown[]): void => {
  if (host === 'localhost' || isIP(host) !== 0) return void Reflect.apply(lookup, dns, [host, ...rest]);
  const facts = {errno: -3008, code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host};
  const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), facts);
  void nextTurn().then(() => (rest.at(-1) as (error: Error) => void)(error));
};

beforeEach(() => {
  testBegan = now();
  Object.assign(dns, {lookup: lookUpHere});
  timers.clear();
  const counting = (callback: (...given: unknown[]) => void, delay?: number, ...given: unknown[]) => {
    const timer = realTimers.setTimeout(() => {
      timers.delete(timer);
      callback(...given);
    }, delay);
    timers.add(timer);
    return timer;
  };
  globalThis.setTimeout = counting as unknown as typeof setTimeout;
  globalThis.clearTimeout = ((timer: Parameters<typeof clearTimeout>[0]) => {
    timers.delete(timer);
    realTimers.clearTimeout(timer);
  }) as typeof clearTimeout;
});

afterEach(async () => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  for (const cleanup of cleanups.splice(0)) await cleanup();
  Object.assign(globalThis, realTimers);
  Object.assign(dns, {lookup});
  expect(timers.size).toBe(0);
});

/** How many timers are set. */
export function pendingTimers(): number {
  return Object.hasOwn(setTimeout, 'clock') ? jest.getTimerCount() : timers.size;
}

/** Lets real time pass until a condition holds; fails after 50 s, on a busy machine too. */
export async function until(holds: () => boolean): Promise<void> {
  const end = performanceNow() + 50_000;
  while (!holds()) {
    if (performanceNow() > end) throw new Error(`It never held: ${String(holds)}`);
    await nextTurn();
  }
}

/** Lets everything happen that needs no time. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
}

/**
 * Fails unless a promise settles before a timer fires that is set now, on the same event loop: what holds up the one holds up the other.
 * So a busy machine makes neither late, as it does by a clock.
 */
export async function settlesWithin<Value>(milliseconds: number, promise: Promise<Value>): Promise<Value> {
  let timer: unknown;
  const late = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new Error(`It did not settle within ${milliseconds} ms`));
    // What was due before may take some turns to get here.
    timer = realTimers.setTimeout(() => void turns().then(fail), milliseconds);
  });
  return await Promise.race([promise, late]).finally(() => realTimers.clearTimeout(timer as NodeJS.Timeout));
}

// Real under fake timers too.
const performanceNow = performance.now.bind(performance);

/** Starts an emulator that is stopped after the test. */
export async function startEmulator(options: GraphEmulatorOptions = {}): Promise<GraphEmulator> {
  const emulator = await startGraphEmulator({token, ...options});
  afterwards(() => emulator.stop());
  return emulator;
}

/** A poller and all its events. */
export interface Recording {
  readonly poller: OperationPoller;
  readonly events: readonly OperationEvent[];
}

/** Collects all events of a poller from now on, and stops it after the test. */
export function recordEvents(poller: OperationPoller): Recording {
  const events: OperationEvent[] = [];
  poller.on('*', (event) => events.push(event));
  // Before the emulator: one that stops in the middle of a request looks like a failure.
  cleanups.unshift(() => poller.stop('the test is over'));
  return {poller, events};
}

/** Polls quickly. */
export function begin(location: string | URL, options: PollOptions = {}): Recording {
  return recordEvents(pollOperation(location, {...quick, ...options}));
}

export interface Watched extends Recording {
  readonly emulator: GraphEmulator;
  readonly operation: EmulatedOperation;
}

/** Watches an operation of a new emulator, quickly unless the options say otherwise. */
export async function watch(script: readonly OperationStep[], options: PollOptions = {}): Promise<Watched> {
  const emulator = await startEmulator();
  const operation = emulator.addOperation({script});
  return {emulator, operation, ...begin(operation.location, options)};
}

/** The names of events, in order. */
export function types(events: readonly OperationEvent[]): string[] {
  return events.map(({type}) => type);
}

/** The events of one name. */
export function only<Type extends OperationEvent['type']>(
  events: readonly OperationEvent[],
  type: Type,
): Array<Extract<OperationEvent, {readonly type: Type}>> {
  return events.filter((event): event is Extract<OperationEvent, {readonly type: Type}> => event.type === type);
}

/** The waits, as pairs of milliseconds and cause. */
export function waits(events: readonly OperationEvent[]): Array<[number, string]> {
  return only(events, 'waiting').map(({delay, because}) => [delay, because]);
}

/** When requests came, in milliseconds after the first. */
export function times(requests: ReadonlyArray<{readonly at: number}>): number[] {
  const [first] = requests;
  return requests.map(({at}) => at - (first?.at ?? 0));
}

/**
 * Waits until all that left before an abort has arrived, whatever connection it came by: until a request of our own
 * comes alone.
 */
export async function allArrived(emulator: GraphEmulator): Promise<void> {
  let before: number;
  do {
    before = emulator.requests.length;
    await fetch(`${emulator.root}/fence`);
    await emulator.idle();
  } while (emulator.requests.length !== before + 1);
}

/**
 * Proves that watching is over and has left nothing: no timer that could send anything, and no request but these. The
 * fence is a request of our own: one that was sent before it has arrived.
 */
export async function atRest(watched: Watched, requests: number): Promise<void> {
  const {emulator, operation, poller, events} = watched;
  const count = events.length;
  await fetch(`${emulator.root}/fence`);
  await emulator.idle();
  expect(pendingTimers()).toBe(0);
  expect(operation.requests).toHaveLength(requests);
  expect(events).toHaveLength(count);
  poller.stop();
  await turns(3);
  expect(events).toHaveLength(count);
  checkEvents(events);
}

/** What holds for the events of every watch. */
export function checkEvents(events: readonly OperationEvent[]): void {
  let before: OperationEvent | undefined;
  const wrong: unknown[] = [];
  for (const event of events) {
    // A watch that ends in the middle of a poll has made one poll less.
    const made = event.type === 'abandoned' && before?.type === 'retrying' ? before.attempt - 1 : before?.attempt;
    const complete = ['type', 'operation', 'location', 'attempt', 'at'].every((name) => Object.hasOwn(event, name));
    const inOrder = event.at >= (before?.at ?? 0) && event.attempt >= (made ?? 0);
    if (!Object.isFrozen(event) || !complete || !inOrder) wrong.push([event, before]);
    before = event;
  }
  expect(wrong).toEqual([]);
}

/** What a promise rejects with, which must be of exactly this class. */
export async function failure<Failure extends Error>(
  promise: Promise<unknown>,
  kind: abstract new (...given: never[]) => Failure,
): Promise<Failure> {
  const error = await promise.then(
    (value) => new Error(`resolved with ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof kind)) throw error;
  expect([error.name, error.constructor]).toEqual([kind.name, kind]);
  return error;
}

/** All that an error of a watch carries. */
export interface ErrorFacts {
  readonly location: string;
  readonly attempts: number;
  readonly observed: Readonly<Record<string, number>>;
  /** The last known status. */
  readonly status: string | undefined;
  /** The least it lasted, and the most if that is known. */
  readonly elapsed?: number;
}

/** Checks every field of an error but its cause. */
export function expectFacts(error: OperationError, {poller}: Recording, facts: ErrorFacts): void {
  const {location, attempts, observed, operation, elapsed, resumeToken} = error;
  expect({location, attempts, observed, status: operation?.status}).toEqual({
    location: facts.location,
    attempts: facts.attempts,
    observed: facts.observed,
    status: facts.status,
  });
  expect(operation).toBe(poller.operation);
  if (facts.elapsed === undefined) {
    expect(elapsed).toBeGreaterThanOrEqual(0);
    expect(elapsed).toBeLessThanOrEqual(now() - testBegan);
  } else expect(elapsed).toBe(facts.elapsed);
  expect(resumeToken).toMatchObject({
    kind: 'operation-poller',
    version: 1,
    location: facts.location,
    observed,
    attempt: attempts,
  });
  expect(resumeToken?.operation?.status).toBe(facts.status);
  expect(JSON.parse(JSON.stringify(resumeToken))).toEqual(resumeToken);
}

/** Checks an error of one request. */
export function expectPollError(
  error: unknown,
  facts: {
    readonly kind: PollErrorKind;
    readonly transient: boolean;
    readonly httpStatus?: number;
    readonly code?: unknown;
  },
): void {
  expect(error).toBeInstanceOf(PollError);
  const {kind, transient, httpStatus, clientRequestId} = error as PollError;
  expect({kind, transient, httpStatus}).toEqual({
    kind: facts.kind,
    transient: facts.transient,
    httpStatus: facts.httpStatus,
  });
  if (facts.code !== undefined) expect((error as PollError).code).toEqual(facts.code);
  if (httpStatus !== undefined) expect(clientRequestId).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
}

/** Lets every wait pass at once, under fake timers. */
export function skipWaits({poller}: Recording): void {
  skipWaitsOf(poller, jest);
}

/**
 * Lets the time pass, under fake timers, that ends a request to which no answer comes, or none to the end, as soon as it has arrived.
 * Before that it takes as long as a busy machine needs for it.
 *
 * @param count how many requests the operation has had by then
 */
export async function timeOut(
  operation: Pick<EmulatedOperation, 'requests'>,
  count: number,
  milliseconds: number,
): Promise<void> {
  await until(() => operation.requests.length === count);
  // If there is a head of an answer, it is read by then.
  await turns();
  await jest.advanceTimersByTimeAsync(milliseconds);
}

/** A request as a fake `fetch` got it. */
export interface FakeRequest {
  readonly url: string;
  readonly headers: Headers;
  readonly signal: AbortSignal;
  readonly at: number;
}

/** A ky whose `fetch` is a function of the test: no network, so that time can be virtual to the end. */
export function fakeHttp(answer: (request: FakeRequest, count: number) => Response | Promise<Response>): {
  readonly http: KyInstance;
  readonly requests: readonly FakeRequest[];
} {
  const requests: FakeRequest[] = [];
  const http = ky.create({
    fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
      const {url, headers, signal} = new Request(input, init);
      const request = {url, headers, signal, at: Date.now()};
      requests.push(request);
      return await answer(request, requests.length);
    },
  });
  return {http, requests};
}

/** An operation's answer. */
export function answered(status: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify({id: 'b', status}), {headers: {'content-type': 'application/json', ...headers}});
}

/** Never answers; notices an abort as fetch does. */
export function hanging({signal}: FakeRequest): Promise<Response> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), {once: true});
  });
}

/** A server of the test's own on loopback. */
export interface TestServer {
  readonly root: string;
  readonly requests: ReadonlyArray<{
    readonly method: string;
    readonly url: string;
    readonly headers: IncomingMessage['headers'];
  }>;
}

/** Starts a server that is stopped after the test. */
export async function startServer(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
): Promise<TestServer> {
  const requests: Array<TestServer['requests'][number]> = [];
  const server = createServer((request, response) => {
    const {method = '', url = '', headers} = request;
    requests.push({method, url, headers});
    answer(request, response, requests.length);
  });
  // An idle connection is not closed just when a client is about to reuse it.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterwards(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return {root: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests};
}

/** An AbortController whose signal counts its listeners. */
export function countingController(): {
  readonly controller: AbortController;
  readonly listeners: {now: number; most: number};
} {
  const controller = new AbortController();
  const {signal} = controller;
  const listeners = {now: 0, most: 0};
  const present = new Map<unknown, unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = ((type: 'abort', listener: () => void, options?: AddEventListenerOptions) => {
    const wrapped = () => {
      if (options?.once === true) forget(listener);
      listener.call(signal);
    };
    present.set(listener, wrapped);
    listeners.now += 1;
    listeners.most = Math.max(listeners.most, listeners.now);
    add(type, wrapped, options);
  }) as typeof signal.addEventListener;
  signal.removeEventListener = ((type: 'abort', listener: () => void) => {
    const wrapped = present.get(listener);
    if (wrapped === undefined) return;
    forget(listener);
    remove(type, wrapped as () => void);
  }) as typeof signal.removeEventListener;
  function forget(listener: unknown): void {
    if (present.delete(listener)) listeners.now -= 1;
  }
  return {controller, listeners};
}
