import {checkFields, checkMilliseconds, checkWhole} from '../testing/checks.ts';
import {rules, violationsOf} from './rules.ts';
import {type Scenario, scenarios} from './scenarios.ts';
import {Scene} from './scene.ts';
import type {RunnerAbility, TestedRunner} from './tested-runner.ts';

/** The options of {@link checkRunner}. */
export interface CheckRunnerOptions {
  /** How long to wait for anything that must come, such as a call of `onEnd`, in milliseconds. Default 20,000. */
  readonly patience?: number | undefined;
  /** How many scenarios are played at once, each with a store of its own. Default all. */
  readonly concurrency?: number | undefined;
}

/** One rule that a runner must keep, and whether it did. */
export interface RunnerCheck {
  readonly name: string;
  /** `'skipped'`: the runner cannot do what the rule is about. */
  readonly result: 'ok' | 'broken' | 'skipped';
  /** What was seen that breaks the rule: the scenario, the operation and what happened. */
  readonly seen: readonly string[];
}

/** What came of {@link checkRunner}. */
export interface RunnerReport {
  /** The name of the runner. */
  readonly runner: string;
  /** Whether no rule was broken. */
  readonly ok: boolean;
  readonly checks: readonly RunnerCheck[];
  /** What the runner cannot, with the reasons. */
  readonly cannot: ReadonlyMap<RunnerAbility, string>;
}

const optionChecks = {patience: checkMilliseconds, concurrency: checkWhole(1, Number.POSITIVE_INFINITY)};

/**
 * Puts a runner through kills, turns that are lost, early, late and taken twice, throttling, deadlines, clocks that differ and
 * an `onEnd` that rejects, against the emulator, in real time: some ten seconds.
 *
 * @param runner its name in the report
 * @param open makes the runner with an empty store, once for each scenario
 * @param options see {@link CheckRunnerOptions}
 * @returns which rules were kept
 * @throws what the runner's `start`, `add` or `close` throws: that is no report
 *
 * @example
 * ```ts
 * const report = await checkRunner('my queue', () => openMyQueue());
 * expect(report.checks.filter(({result}) => result === 'broken')).toEqual([]);
 * ```
 */
export async function checkRunner(
  runner: string,
  open: () => TestedRunner | Promise<TestedRunner>,
  options: CheckRunnerOptions = {},
): Promise<RunnerReport> {
  checkFields('options', options, optionChecks);
  const {patience = 20_000, concurrency = scenarios.length} = options;
  const cannot = new Map<RunnerAbility, string>();
  const scenes = new Map<Scenario, Scene>();
  const waiting = scenarios.values();
  const playNext = async (): Promise<void> => {
    for (const scenario of waiting) {
      const runner = await open();
      for (const [ability, why] of inabilitiesOf(runner)) cannot.set(ability, why);
      if (scenario.needs !== undefined && cannot.has(scenario.needs)) await runner.close();
      else scenes.set(scenario, await play(scenario, runner, patience));
    }
  };
  await Promise.all(Array.from({length: Math.min(concurrency, scenarios.length)}, playNext));
  const checks = rules.map((rule): RunnerCheck => {
    const {name, needs} = rule;
    if (needs !== undefined && cannot.has(needs)) return {name, result: 'skipped', seen: []};
    const seen = scenarios.flatMap((scenario) => {
      const scene = scenes.get(scenario);
      return scene === undefined ? [] : violationsOf(rule, scenario, scene);
    });
    return {name, result: seen.length === 0 ? 'ok' : 'broken', seen};
  });
  return {runner, ok: checks.every(({result}) => result !== 'broken'), checks, cannot};
}

/** Plays a scenario to its end. */
export async function play(scenario: Scenario, runner: TestedRunner, patience: number): Promise<Scene> {
  const scene = await Scene.open(runner, patience);
  try {
    await scenario.play(scene);
    await scene.settled();
    return scene;
  } finally {
    await scene.close();
  }
}

/** What a runner cannot, with the reasons. */
function inabilitiesOf({cannot = {}, wake, stored}: TestedRunner): [RunnerAbility, string][] {
  const noVerb = 'there is no such verb';
  const reasons: readonly [RunnerAbility, string | undefined][] = [
    ['wake', cannot.wake ?? (wake === undefined ? noVerb : undefined)],
    ['fetchResult', cannot.fetchResult],
    ['severalInstances', cannot.severalInstances],
    ['clockAhead', cannot.clockAhead],
    ['stored', cannot.stored ?? (stored === undefined ? noVerb : undefined)],
  ];
  return reasons.flatMap(([ability, why]) => (why === undefined ? [] : [[ability, why]]));
}
