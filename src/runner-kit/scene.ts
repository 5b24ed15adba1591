import {randomUUID} from 'node:crypto';
import {setTimeout as sleep} from 'node:timers/promises';
import type {EmulatedOperation} from '../testing/emulated-operation.ts';
import {type GraphEmulator, startGraphEmulator} from '../testing/graph-emulator.ts';
import type {StepAnswer} from '../testing/operation-step.ts';
import {type EndAnswer, type EndCall, type EndsServer, startEndsServer} from './ends-server.ts';
import type {RunnerInstance, RunnerInstanceOptions, TestedRunner} from './tested-runner.ts';

/** How long to wait between two polls, in milliseconds. */
export const pollInterval = 150;
/** The length of a lease where one is to run out, in milliseconds: longer than a turn takes on a busy machine. */
export const lease = 2000;
/** The length of a lease where none is to run out, in milliseconds. */
export const longLease = 60_000;
/** How long a request may take, in milliseconds: longer than a lease, so that one can run out during a poll. */
const requestTimeout = 8000;
/** How long to look for requests and calls that should not come any more, in milliseconds: longer than a lease. */
const quietTime = 3500;

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
  /** In milliseconds since 1970. */
  readonly addedAt: number;
}

/** One runner with a service of its own, and what was seen of both. */
export class Scene {
  /** The access token, which no store may have. */
  readonly token: string;
  readonly runner: TestedRunner;
  readonly emulator: GraphEmulator;
  readonly operations: WatchedOperation[] = [];
  /** When instances were killed, in milliseconds since 1970. */
  readonly kills: number[] = [];
  /** All that the store held, at several times. */
  readonly stored = new Set<string>();
  readonly #ends: EndsServer;
  readonly #patience: number;
  readonly #instances: RunnerInstance[] = [];

  private constructor(
    runner: TestedRunner,
    patience: number,
    token: string,
    emulator: GraphEmulator,
    ends: EndsServer,
  ) {
    this.runner = runner;
    this.token = token;
    this.emulator = emulator;
    this.#patience = patience;
    this.#ends = ends;
  }

  /** @param patience how long to wait for anything that must come, in milliseconds */
  static async open(runner: TestedRunner, patience: number): Promise<Scene> {
    const token = `kit-secret-${randomUUID()}`;
    const ends: EndsServer = await startEndsServer((key) => {
      const answers = scene.operations.find(({plan}) => plan.key === key)?.plan.onEnd;
      return answers?.[scene.callsFor(key).length] ?? 'resolve';
    });
    const scene = new Scene(runner, patience, token, await startGraphEmulator({token}), ends);
    return scene;
  }

  /** The calls of `onEnd` for an operation. */
  callsFor(key: string): readonly EndCall[] {
    return this.#ends.calls.filter((call) => call.key === key);
  }

  async start(given: Partial<Pick<RunnerInstanceOptions, 'lease' | 'clockAhead'>> = {}): Promise<void> {
    const common = {token: this.token, endsUrl: this.#ends.url, pollInterval, requestTimeout};
    this.#instances.push(await this.runner.start({...common, lease, clockAhead: 0, ...given}));
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

  async add(plan: PlannedOperation): Promise<void> {
    const {key, script, totalTimeout} = plan;
    const data = {mail: `${key}@contoso.com`};
    const emulated = this.emulator.addOperation({script});
    this.operations.push({plan, data, emulated, addedAt: Date.now()});
    await this.runner.add(emulated.location, {key, data, totalTimeout});
  }

  /** Resolves as soon as a poll has arrived, before its answer can have. */
  async polled(key: string, polls: number): Promise<void> {
    const until = Date.now() + this.#patience;
    const emulated = this.operations.find(({plan}) => plan.key === key)?.emulated;
    while (emulated !== undefined && emulated.requests.length < polls && Date.now() < until) {
      await Promise.race([this.emulator.nextRequest(), sleep(100)]);
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
    await sleep(quietTime);
    await this.look();
  }

  /** Takes down what the store holds. */
  async look(): Promise<void> {
    const text = await this.runner.stored?.();
    if (text !== undefined) this.stored.add(text);
  }

  async close(): Promise<void> {
    await this.runner.close();
    await Promise.all([this.emulator.stop(), this.#ends.stop()]);
  }

  async #until(holds: () => boolean): Promise<void> {
    const until = Date.now() + this.#patience;
    for (let turns = 0; !holds() && Date.now() < until; turns += 1) {
      if (turns % 50 === 0) await this.look();
      await sleep(5);
    }
  }
}
