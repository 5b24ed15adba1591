import {randomUUID} from 'node:crypto';
import {setTimeout as sleep} from 'node:timers/promises';
import {checkFunctions} from '../checks.ts';
import type {EmulatedOperation} from '../emulated-operation.ts';
import {type GraphEmulator, startGraphEmulator} from '../graph-emulator.ts';
import type {StepAnswer} from '../operation-step.ts';
import {type EndAnswer, type EndCall, type EndsServer, startEndsServer} from './ends-server.ts';
import {StallMonitor, type Stalls, worstOf} from './stalls.ts';
import type {RunnerInstance, RunnerInstanceOptions, TestedRunner} from './tested-runner.ts';

/** How long to wait between two polls, in milliseconds. */
export const pollInterval = 150;
/** The length of a lease where one is to run out, in milliseconds, on a machine that keeps up. */
export const shortestLease = 2000;
/** The length of a lease where none is to run out, in milliseconds. */
export const longLease = 120_000;
/** How long a request may take, in milliseconds: longer than any lease that runs out, and than a busy machine takes for it. */
const requestTimeout = 120_000;
/**
 * The part of a lease that stalls may add to a turn. It goes to the service and back: where both processes stall for less, one after the
 * other, half a lease is left for it, and no lease runs out although its instance works.
 */
export const calmShare = 1 / 4;
/** How often the kit checks for what it waits for, in milliseconds. */
const tick = 10;

const checkInstance = checkFunctions('an object with the function kill', 'kill');

/** How an operation ends. */
export interface PlannedOutcome {
  readonly status: string;
  readonly reason?: string | undefined;
  readonly result?: unknown;
}

/** An operation that the kit gives to a runner. */
export interface PlannedOperation {
  readonly key: string;
  /** The answers to its polls, one each; the last repeats forever. */
  readonly script: readonly StepAnswer[];
  readonly outcome: PlannedOutcome;
  /** What becomes of the first calls of `onEnd`; any more resolve. */
  readonly onEnd?: readonly EndAnswer[] | undefined;
  /** In milliseconds. */
  readonly totalTimeout?: number | undefined;
  /** Whether hints are given before the service allows a poll. */
  readonly isWoken?: boolean | undefined;
}

/** An operation that the runner watches. */
export interface WatchedOperation {
  readonly plan: PlannedOperation;
  readonly data: unknown;
  readonly emulated: EmulatedOperation;
  /** When it was given to the runner, in milliseconds since 1970. */
  readonly addedAt: number;
  /** When the runner had stored it, in milliseconds since 1970. */
  storedAt: number;
}

/** How much time a scene takes, in milliseconds. */
export interface ScenePace {
  /** The length of a lease that is to run out. */
  readonly lease: number;
  /** How long to wait for anything that must come. */
  readonly patience: number;
  /** Ends all waits, and starts nothing any more. */
  readonly signal?: AbortSignal | undefined;
}

/** One runner with a service of its own, and what was seen of both. */
export class Scene {
  /** The access token, which no store may have. */
  readonly token: string;
  readonly runner: TestedRunner;
  readonly emulator: GraphEmulator;
  /** The length of a lease that is to run out, in milliseconds. */
  readonly lease: number;
  readonly operations: WatchedOperation[] = [];
  /** When instances were killed, in milliseconds since 1970. */
  readonly kills: number[] = [];
  /** All that the store held, at several times. */
  readonly stored = new Set<string>();
  readonly #ends: EndsServer;
  readonly #patience: number;
  readonly #signal: AbortSignal | undefined;
  readonly #monitor = new StallMonitor();
  /** Those of the kit's process, once that is over. */
  #stalls: Stalls | undefined;
  readonly #instances: RunnerInstance[] = [];

  private constructor(
    runner: TestedRunner,
    {lease, patience, signal}: ScenePace,
    token: string,
    emulator: GraphEmulator,
    ends: EndsServer,
  ) {
    this.runner = runner;
    this.lease = lease;
    this.token = token;
    this.emulator = emulator;
    this.#patience = patience;
    this.#signal = signal;
    this.#ends = ends;
  }

  static async open(runner: TestedRunner, pace: ScenePace): Promise<Scene> {
    const token = `kit-secret-${randomUUID()}`;
    return new Scene(runner, pace, token, await startGraphEmulator({token}), await startEndsServer());
  }

  /** The worst stalls of the kit's process, and of the runner's as far as they could be reported. */
  get stalls(): Stalls {
    return worstOf([this.#stalls ?? this.#monitor.look(), ...this.#ends.stalls]);
  }

  /** Whether stalls added so little to any turn that the runner can neither have done wrong because of it, nor have seemed to do right. */
  get isCalm(): boolean {
    return this.stalls.lost < calmShare * this.lease;
  }

  /** The calls of `onEnd` for an operation. */
  callsFor(key: string): readonly EndCall[] {
    return this.#ends.calls.filter((call) => call.key === key);
  }

  async start(given: Partial<Pick<RunnerInstanceOptions, 'lease' | 'clockAhead'>> = {}): Promise<void> {
    this.#signal?.throwIfAborted();
    const common = {token: this.token, endsUrl: this.#ends.url, pollInterval, requestTimeout};
    const instance = await this.runner.start({...common, lease: this.lease, clockAhead: 0, ...given});
    checkInstance('what start resolves with', instance);
    this.#instances.push(instance);
  }

  /** Starts a second instance, if the runner can have one. */
  async startAnother(given: Partial<Pick<RunnerInstanceOptions, 'lease' | 'clockAhead'>> = {}): Promise<void> {
    if (this.runner.cannot?.severalInstances === undefined) await this.start(given);
  }

  /** Kills the instance that was started first. */
  async kill(): Promise<void> {
    this.kills.push(Date.now());
    await this.#instances.shift()?.kill();
    await this.look();
  }

  /**
   * Lets time pass after a kill, in milliseconds, while no instance runs.
   *
   * @throws Error where the one that was killed goes on: then nothing that a kill is to show can be seen
   */
  async stayDown(time: number): Promise<void> {
    const since = Math.max(...this.kills) + this.lease / 2;
    await sleep(time, undefined, {signal: this.#signal});
    const goesOn = this.operations.some(({emulated}) => emulated.requests.some(({at}) => at > since));
    // On a busy machine a request may arrive that late.
    if (goesOn && this.isCalm) throw new Error('kill: the instance goes on polling after it');
  }

  async add(plan: PlannedOperation): Promise<void> {
    this.#signal?.throwIfAborted();
    const {key, script, totalTimeout, onEnd = []} = plan;
    const data = {mail: `${key}@contoso.com`};
    const emulated = this.emulator.addOperation({script});
    const operation = {plan, data, emulated, addedAt: Date.now(), storedAt: Number.POSITIVE_INFINITY};
    this.operations.push(operation);
    this.#ends.planned.set(key, onEnd);
    await this.runner.add(emulated.location, {key, data, totalTimeout});
    operation.storedAt = Date.now();
  }

  /** Resolves as soon as a poll has arrived, before its answer can have. */
  async polled(key: string, polls: number): Promise<void> {
    const emulated = this.operations.find(({plan}) => plan.key === key)?.emulated;
    const hasArrived = (): boolean => (emulated?.requests.length ?? polls) >= polls;
    for (let waited = 0; !hasArrived() && waited < this.#patience; ) {
      waited += await this.#calmTimeOf(() => Promise.race([this.emulator.nextRequest(), sleep(tick)]));
    }
  }

  /** Resolves when `onEnd` has been called. */
  async called(key: string): Promise<void> {
    await this.#until(() => this.callsFor(key).length > 0);
  }

  /** Resolves when all operations are over, and long enough after that to see what should not come any more. */
  async settled(): Promise<void> {
    await this.#until(() =>
      this.operations.every(({plan: {key}}) => this.callsFor(key).some(({answer}) => answer === 'resolve')),
    );
    await this.look();
    // Longer than a lease: whatever it held back comes now.
    const quietTime = 1.75 * this.lease;
    for (let waited = 0; waited < quietTime; ) waited += await this.#calmTimeOf(() => sleep(tick));
    await this.look();
  }

  /** Notes what the store holds now. */
  async look(): Promise<void> {
    const text = await this.runner.stored?.();
    if (text !== undefined) this.stored.add(text);
  }

  async close(): Promise<void> {
    this.#stalls = this.#monitor.stop();
    await this.runner.close();
    await Promise.all([this.emulator.stop(), this.#ends.stop()]);
  }

  async #until(holds: () => boolean): Promise<void> {
    let waited = 0;
    for (let turns = 0; !holds() && waited < this.#patience; turns += 1) {
      if (turns % 25 === 0) await this.look();
      waited += await this.#calmTimeOf(() => sleep(tick));
    }
  }

  /** Waits for a tick at most. Returns for how long, of which no more is counted than a machine takes that keeps up. */
  async #calmTimeOf(wait: () => Promise<unknown>): Promise<number> {
    const begunAt = performance.now();
    await wait();
    this.#signal?.throwIfAborted();
    return Math.min(performance.now() - begunAt, 2 * tick);
  }
}
