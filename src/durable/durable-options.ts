import type {OperationClient} from '../client/operation-client.ts';
import type {OperationEvent} from '../operation/events.ts';
import {checkClient, checkOneTransport} from '../options/client-option.ts';
import type {PollOptions} from '../options/poll-options.ts';
import {pollOptionChecks} from '../options/settings.ts';
import {
  type Check,
  type Checks,
  checkBoolean,
  checkFunction,
  checkNonEmptyString,
  checkOptions,
  checkRange,
} from '../shared/check-options.ts';

/**
 * The options of `watchDurably`: those of `pollOperation`, and some of a workflow's own. They must be the same on each
 * replay. `schedule` must be a pure function; `token` and `http` are used only while a poll is made, never on a replay.
 *
 * There is no `signal`: no engine can replay an abort. Cancel the workflow.
 */
export interface DurableOptions<Result = unknown> extends Omit<PollOptions<Result>, 'signal'> {
  /** A client, of Graph or any service, in place of `token` and `http`: polls go through its gate and limits. */
  readonly client?: OperationClient | undefined;
  /** Prefixes the names of all steps (`name: poll 1`). Set one where a workflow watches several operations. Default none. */
  readonly name?: string | undefined;
  /**
   * Called with each event, in order, and awaited. It is part of the workflow: on a replay it gets the same events again at
   * the same places, so it may use what the engine offers (e.g. set the workflow's state), but must have no other effects.
   * What it throws ends the watch, because an engine's own errors must reach the engine.
   */
  readonly onEvent?: ((event: OperationEvent) => void | PromiseLike<void>) | undefined;
}

/** The options of `watchDurablyInRuns`. */
export interface DurableRunOptions<Result = unknown> extends DurableOptions<Result> {
  /** How many polls one run makes. At least 1. Default 200. */
  readonly pollsPerRun?: number | undefined;
  /**
   * Whether a hint that the operation may have changed ended the `wait` before this run: its first poll is then made as soon as the
   * service allows. Default `false`.
   */
  readonly woken?: boolean | undefined;
}

const {signal: _, ...pollChecks} = pollOptionChecks;

export const durableChecks = {
  ...pollChecks,
  schedule: checkPureSchedule,
  client: checkClient,
  name: checkNonEmptyString,
  onEvent: checkFunction,
} satisfies Checks<DurableOptions>;

export const durableRunChecks = {
  ...durableChecks,
  pollsPerRun: checkRange({least: 1, whole: true}),
  woken: checkBoolean,
} satisfies Checks<DurableRunOptions>;

/** @returns their own properties. @throws TypeError or RangeError that names the option, what it got and what it takes */
export function checkDurableOptions<Options extends DurableOptions>(
  options: Options,
  checks: Readonly<Record<string, Check>>,
): Options {
  const hasSignal = Object.hasOwn(Object(options), 'signal');
  const own = checkOptions(options, hasSignal ? {...checks, signal: refuseSignal} : checks);
  checkOneTransport(own);
  return own;
}

function refuseSignal(): void {
  throw new TypeError('signal: a workflow cannot replay an abort; cancel the workflow instead');
}

function checkPureSchedule(name: string, schedule: unknown): void {
  pollOptionChecks.schedule(name, schedule);
  if (typeof schedule === 'function' && 'ended' in schedule) {
    throw new TypeError(`${name}: expected a pure function; one that learns computes different waits on a replay`);
  }
}
