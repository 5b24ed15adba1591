import type {OperationEvent} from '../operation/events.ts';
import type {Outcome} from '../operation/outcome.ts';
import {type ResumeToken, writeResumeToken} from '../operation/resume-token.ts';
import {firstState} from '../options/first-state.ts';
import type {PollOptions} from '../options/poll-options.ts';
import {type Resumed, resumeWatching} from '../options/resume.ts';
import {readOptions, type Settings} from '../options/settings.ts';
import {type PollRequest, poll} from '../polling/poll.ts';
import {firstStep, type StepIo, step as takeStep} from '../polling/step.ts';
import {LazyAbortController} from '../shared/abort.ts';
import {wallClock} from '../shared/clock.ts';
import type {DurableHost, RecordedJson} from './durable-host.ts';
import {type Retry, readPollRecord, writePollRecord} from './poll-record.ts';
import {readResult, recordResult} from './result-record.ts';

/**
 * The options of {@link watchDurably}: those of `pollOperation`, and some of a workflow's own. They have to be the same on each
 * replay. `schedule` has to be a pure function; `token` and `http` are used only while a poll is made, never on a replay.
 *
 * There is no `signal`: an abort is nothing that an engine could replay. Cancel the workflow.
 */
export interface DurableOptions extends Omit<PollOptions, 'signal'> {
  /** Stands before the names of all steps (`name: poll 1`). Give one where a workflow watches several operations. Default none. */
  readonly name?: string | undefined;
  /**
   * Hears each event, in order; it is waited for. It is part of the workflow: on a replay it hears the same events again at
   * the same places, so that it may use what the engine offers (e.g. set the workflow's state), and nothing else that has an
   * effect. What it throws ends the watch, because an engine's own errors must reach the engine.
   */
  readonly onEvent?: ((event: OperationEvent) => void | PromiseLike<void>) | undefined;
}

/** The options of {@link watchDurablyInRuns}. */
export interface DurableRunOptions extends DurableOptions {
  /** How many polls one run makes. At least 1. Default 200. */
  readonly pollsPerRun?: number | undefined;
}

/** How a run ended: the watch is over, or it goes on elsewhere after `wait` milliseconds. */
export type DurableRun =
  | {readonly outcome: Outcome}
  | {
      /** For the next run; plain JSON. It holds the location whole, see {@link ResumeToken}. */
      readonly continueWith: ResumeToken;
      /** How long it is until the next poll is due, in milliseconds. A run that begins earlier waits for the rest. */
      readonly wait: number;
    };

/**
 * Watches an operation in a workflow: the same watch as `pollOperation`, but the engine records each poll and does the
 * waiting, so that it outlives processes and machines. Each poll is one recorded step, each wait one durable timer; between
 * them there is no clock, no chance and no request, so that a replay takes the same steps.
 *
 * The outcome is returned also when the operation failed or watching was given up: an engine would take a thrown error for
 * trouble of the workflow, and try again. Look at `outcome.status`.
 *
 * @param host the engine, e.g. `restateHost(ctx)`
 * @param place where the operation is, or the resume token of a watch that was begun elsewhere
 * @param options see {@link DurableOptions}
 * @returns how watching ended
 * @throws TypeError or RangeError when an option or the location is not as it should be, InvalidResumeTokenError; what the
 *   engine throws, e.g. on cancellation
 *
 * @example
 * ```ts
 * const outcome = await watchDurably(restateHost(ctx), location, {token: getToken});
 * if (outcome.status === 'succeeded') await ctx.run('tell', () => tell(outcome.operation.id));
 * ```
 */
export async function watchDurably(
  host: DurableHost,
  place: string | URL | ResumeToken,
  options: DurableOptions = {},
): Promise<Outcome> {
  const run = await watch(host, place, options, Number.POSITIVE_INFINITY);
  // Without a limit there is no other end.
  return (run as Extract<DurableRun, {readonly outcome: Outcome}>).outcome;
}

/**
 * {@link watchDurably} for long operations: an engine keeps each step of a run for as long as the run lasts, and reads them
 * all on a replay. This makes at most `pollsPerRun` polls and then says what to begin the next run with, and when.
 *
 * The names of the steps count on from run to run.
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
export async function watchDurablyInRuns(
  host: DurableHost,
  place: string | URL | ResumeToken,
  options: DurableRunOptions = {},
): Promise<DurableRun> {
  const {pollsPerRun = 200, ...others} = options;
  if (typeof pollsPerRun !== 'number') throw new TypeError(`pollsPerRun: expected a number, got ${typeof pollsPerRun}`);
  if (!(pollsPerRun >= 1)) throw new RangeError(`pollsPerRun: expected a number from 1 on, got ${pollsPerRun}`);
  return watch(host, place, others, pollsPerRun);
}

async function watch(
  host: DurableHost,
  place: string | URL | ResumeToken,
  {name, onEvent, ...options}: DurableOptions,
  most: number,
): Promise<DurableRun> {
  checkOwn(options, name, onEvent);
  const named = (step: string): string => (name === undefined ? step : `${name}: ${step}`);
  const signal = host.signal ?? new LazyAbortController();
  const now = await host.now(named('begin'));
  const begun = beginAt(now, place, options);
  const {settings} = begun;

  // What a poll recorded is all that the steps after it know of time and chance.
  let clock = now;
  const engineClock = wallClock(() => clock);
  let random = 0;
  const io: StepIo = {
    settings,
    signal,
    random: () => random,
    poll: async (request) => {
      const recorded = await host.run(named(`poll ${step.state.attempt + 1}`), () => recordPoll(settings, request));
      const made = readPollRecord(recorded);
      for (const {error, delay, at} of made.retries) {
        clock = at;
        request.onRetry(error, delay);
      }
      clock = made.at;
      random = made.random;
      return made.report;
    },
  };

  let step = firstStep(begun.state, engineClock, settings.transitions);
  for (let polls = 0; ; polls++) {
    if (onEvent !== undefined) for (const event of step.events) await onEvent(event);
    const {state, next} = step;
    if ('outcome' in next) {
      const {outcome} = next;
      if (outcome.status !== 'succeeded' || !settings.fetchResult) return {outcome};
      const {operation} = outcome;
      const recorded = await host.run(named('result'), () => recordResult(settings, state, operation, signal));
      return {outcome: readResult(recorded, state, operation)};
    }
    const {wait} = next;
    if (polls >= most) return {continueWith: writeResumeToken(state), wait};
    if (wait > 0) await host.sleep(named(`wait ${state.attempt}`), wait);
    clock = Math.max(clock, state.dueAt);
    step = await takeStep(state, io, engineClock);
  }
}

function beginAt(now: number, place: string | URL | ResumeToken, options: PollOptions): Resumed {
  if (typeof place !== 'string' && !(place instanceof URL)) return resumeWatching(place, options, now);
  const settings = readOptions(options);
  return {state: firstState(place, settings, now), settings};
}

/** The one thing in a watch that has an effect: asks the service, and says when that was. */
async function recordPoll(settings: Settings, request: PollRequest): Promise<RecordedJson> {
  const retries: Retry[] = [];
  const {deadlineAt} = request;
  const report = await poll(settings, {
    ...request,
    // The step before reckoned with the time of its record; done again after a crash, the poll may come after the deadline.
    deadlineAt: deadlineAt !== undefined && Date.now() < deadlineAt ? deadlineAt : undefined,
    onRetry: (error, delay) => retries.push({error, delay, at: Date.now()}),
  });
  return writePollRecord({at: Date.now(), random: Math.random(), retries, report});
}

function checkOwn(options: object, name: unknown, onEvent: unknown): void {
  if ('signal' in options && options.signal !== undefined) {
    throw new TypeError('signal: a workflow cannot replay an abort; cancel the workflow instead');
  }
  if ('schedule' in options && typeof options.schedule === 'function' && 'ended' in options.schedule) {
    throw new TypeError('schedule: one that learns gives other waits on a replay; expected a pure function');
  }
  if (name !== undefined && typeof name !== 'string') throw new TypeError(`name: expected a text, got ${typeof name}`);
  if (onEvent !== undefined && typeof onEvent !== 'function') {
    throw new TypeError(`onEvent: expected a function, got ${typeof onEvent}`);
  }
}
