import {partsOf} from '../client/client-parts.ts';
import {operationSettings} from '../client/operation-settings.ts';
import {resumeOf, stateAt} from '../client/watch.ts';
import type {OperationEvent} from '../operation/events.ts';
import type {SucceededOperation} from '../operation/operation.ts';
import type {Outcome} from '../operation/outcome.ts';
import {type ResumeToken, writeResumeToken} from '../operation/resume-token.ts';
import {firstState} from '../options/first-state.ts';
import {resumeWatching} from '../options/resume.ts';
import {readOptions, type Settings, type WatchSetup} from '../options/settings.ts';
import type {ResultProgress} from '../polling/fetch-result.ts';
import {firstStep, type StepIo, step as takeStep, wake} from '../polling/step.ts';
import {checkNow} from '../runner/outcome-json.ts';
import {LazyAbortController, type Signal} from '../shared/abort.ts';
import {wallClock} from '../shared/clock.ts';
import {checkHost, type DurableHost, withPrefix} from './durable-host.ts';
import {
  checkDurableOptions,
  type DurableOptions,
  type DurableRunOptions,
  durableChecks,
  durableRunChecks,
} from './durable-options.ts';
import {readPollRecord, recordPoll} from './poll-record.ts';
import {readResultRecord, recordResult} from './result-record.ts';

/** How a run ended: the watch is over, or the next run continues it after `wait` milliseconds. */
export type DurableRun<Result = unknown> =
  | {readonly outcome: Outcome<Result>}
  | {
      /** For the next run; plain JSON. It contains the whole location, see {@link ResumeToken}. */
      readonly continueWith: ResumeToken;
      /** How long it is until the next poll is due, in milliseconds. A run that begins earlier waits for the rest. */
      readonly wait: number;
    };

/**
 * Watches an operation in a workflow: the same watch as `pollOperation`, but the engine records each poll and does the
 * waiting, so that it outlives processes and machines. Each poll is one recorded step, each wait one durable timer; between
 * them there is no clock, no randomness and no request, so a replay takes the same steps.
 *
 * The outcome is also returned when the operation failed or watching was abandoned: an engine would take a thrown error for
 * a problem with the workflow, and run it again. Look at `outcome.status`.
 *
 * @param host the engine, e.g. `restateHost(ctx)`
 * @param place where the operation is, or the resume token of a watch that began elsewhere
 * @param options see {@link DurableOptions}
 * @returns how watching ended
 * @throws TypeError or RangeError when the host, an option or the location is invalid, InvalidResumeTokenError; what the
 *   engine throws, e.g. on cancellation
 *
 * @example
 * ```ts
 * const outcome = await watchDurably(restateHost(ctx), location, {token: getToken});
 * if (outcome.status === 'succeeded') await ctx.run('mail', () => mail(outcome.operation.id));
 * ```
 */
export async function watchDurably<Result = unknown>(
  host: DurableHost,
  place: string | URL | ResumeToken,
  options: DurableOptions<Result> = {},
): Promise<Outcome<Result>> {
  const own = checkDurableOptions(options, durableChecks);
  const run = await watch(host, place, own, {maxPolls: Number.POSITIVE_INFINITY});
  // Without a limit on polls a run ends with an outcome. Nobody checks the type of its result.
  return (run as Extract<DurableRun<Result>, {readonly outcome: Outcome<Result>}>).outcome;
}

/**
 * {@link watchDurably} for long operations: an engine keeps each step of a run for as long as the run lasts, and reads them
 * all on a replay. This makes at most `pollsPerRun` polls and then returns what to begin the next run with, and how long to wait before.
 *
 * The numbers in the names of the steps continue from run to run.
 *
 * @param host the engine
 * @param place where the operation is, or the `continueWith` of the run before
 * @param options see {@link DurableRunOptions}; the same for all runs
 * @throws as {@link watchDurably} does
 *
 * @example
 * ```ts
 * const run = await watchDurablyInRuns(restateHost(ctx), place, {token: getToken, pollsPerRun: 100});
 * return 'continueWith' in run ? {continueWith: run.continueWith} : {status: run.outcome.status};
 * ```
 */
export async function watchDurablyInRuns<Result = unknown>(
  host: DurableHost,
  place: string | URL | ResumeToken,
  options: DurableRunOptions<Result> = {},
): Promise<DurableRun<Result>> {
  const {pollsPerRun = 200, woken = false, ...others} = checkDurableOptions(options, durableRunChecks);
  return (await watch(host, place, others, {maxPolls: pollsPerRun, woken})) as DurableRun<Result>;
}

async function watch(
  given: DurableHost,
  place: string | URL | ResumeToken,
  {name, onEvent, client, ...options}: DurableOptions,
  {maxPolls, woken = false}: {readonly maxPolls: number; readonly woken?: boolean},
): Promise<DurableRun> {
  checkHost('host', given);
  const host = name === undefined ? given : withPrefix(given, `${name}: `);
  const now = await timeOf(host, 'begin');
  const run = {onEvent, maxPolls};
  const parts = client === undefined ? undefined : partsOf(client);
  if (typeof place !== 'string' && !(place instanceof URL)) {
    const resumed = parts === undefined ? resumeWatching(place, options, now) : resumeOf(parts, place, options, now);
    return takeSteps(host, woken ? wokenAt(resumed, now) : resumed, now, run);
  }
  const settings = parts === undefined ? readOptions(options) : operationSettings(parts, options);
  const state = parts === undefined ? firstState(place, settings, now) : stateAt(parts, String(place), settings, now);
  return takeSteps(host, {state, settings}, now, run);
}

/** The time as the engine has recorded it. @throws TypeError or RangeError where it is none: the watch would never end */
async function timeOf(host: DurableHost, name: string): Promise<number> {
  const now = await host.now(name);
  checkNow('host.now', now);
  return now;
}

function wokenAt(resumed: WatchSetup, now: number): WatchSetup {
  const clock = wallClock(() => now);
  const woken = wake(resumed.state, clock);
  return woken === undefined ? resumed : {...resumed, state: woken.state};
}

/** Time and randomness in a run: they come from what the engine has recorded, and from nowhere else. */
interface Recorded {
  now: number;
  random: number;
}

/** The loop of a watch in a workflow, from a given state and by given settings. */
async function takeSteps(
  host: DurableHost,
  {state: startState, settings}: WatchSetup,
  now: number,
  {onEvent, maxPolls}: Pick<DurableOptions, 'onEvent'> & {readonly maxPolls: number},
): Promise<DurableRun> {
  const recorded: Recorded = {now, random: 0};
  const clock = wallClock(() => recorded.now);
  const emit = async (events: readonly OperationEvent[]): Promise<void> => {
    if (onEvent !== undefined) for (const event of events) await onEvent(event);
  };
  let step = firstStep(startState, clock, settings);
  for (let polls = 0; ; polls++) {
    await emit(step.events);
    const {next} = step;
    let {state} = step;
    if ('outcome' in next) {
      const {outcome} = next;
      if (outcome.status !== 'succeeded' || !settings.fetchResult) return {outcome};
      return {outcome: await fetchResult(host, {state, settings}, outcome.operation, recorded.now)};
    }
    const {wait} = next;
    if (polls >= maxPolls) return {continueWith: writeResumeToken(state), wait};
    if (wait > 0 && (await waitForPoll(host, `wait ${state.attempt}`, wait))) {
      recorded.now = Math.max(recorded.now, await timeOf(host, `wake ${state.attempt}`));
      const woken = wake(state, clock, settings);
      await emit(woken?.events ?? []);
      state = woken?.state ?? state;
      const rest = Math.ceil(state.dueAt - recorded.now);
      if (rest > 0) await host.sleep(`wait ${state.attempt} after the hint`, rest);
    }
    recorded.now = Math.max(recorded.now, state.dueAt);
    step = await takeStep(state, stepIo(host, settings, `poll ${state.attempt + 1}`, recorded), clock);
  }
}

/** Waits for the next poll. @returns whether a hint has ended the wait */
async function waitForPoll(host: DurableHost, name: string, wait: number): Promise<boolean> {
  if (host.waitForWake !== undefined) return host.waitForWake(name, wait);
  await host.sleep(name, wait);
  return false;
}

/** What a step needs: its poll is recorded, and what follows takes time and randomness from that record. */
function stepIo(host: DurableHost, settings: Settings, name: string, recorded: Recorded): StepIo {
  return {
    settings,
    signal: signalOf(host),
    random: () => recorded.random,
    poll: async (request) => {
      const poll = readPollRecord(await host.run(name, () => recordPoll(settings, request, recorded.now)));
      for (const {error, delay, at} of poll.retries) {
        recorded.now = at;
        request.onRetry(error, delay);
      }
      recorded.now = poll.at;
      recorded.random = poll.random;
      return poll.report;
    },
  };
}

/** Fetches the result of an operation that has succeeded: each attempt is a step, each wait a durable timer. */
async function fetchResult(
  host: DurableHost,
  resumed: WatchSetup,
  operation: SucceededOperation,
  since: number,
): Promise<Outcome> {
  const signal = signalOf(host);
  let progress: ResultProgress | undefined;
  let waited = 0;
  for (let attempt = 1; ; attempt++) {
    const json = await host.run(`result ${attempt}`, () =>
      recordResult(resumed, operation, progress, signal, since + waited),
    );
    const step = readResultRecord(json, resumed.state, operation);
    if ('outcome' in step) return step.outcome;
    progress = step.progress;
    waited += step.wait;
    await host.sleep(`wait for result ${attempt + 1}`, step.wait);
  }
}

function signalOf(host: DurableHost): Signal {
  return host.signal ?? new LazyAbortController();
}
