import {checkFields, checkFunctions, checkMilliseconds, checkText, checkWhole, wrongType} from '../checks.ts';
import {rules, violationsOf} from './rules.ts';
import {type Scenario, scenarios} from './scenarios.ts';
import {Scene, shortestLease} from './scene.ts';
import type {RunnerAbility, TestedRunner} from './tested-runner.ts';

/** The options of {@link checkRunner}. */
export interface CheckRunnerOptions {
  /**
   * How long to wait for anything that must come, such as a call of `onEnd`, in milliseconds. Time in which the machine is too
   * busy to keep up is not counted. Default 20,000.
   */
  readonly patience?: number | undefined;
  /** How many scenarios are played at once, each with a store of its own. Default all. */
  readonly concurrency?: number | undefined;
}

/** One rule that a runner must keep, and whether it did. */
export interface RunnerCheck {
  readonly name: string;
  /** `'skipped'`: the runner cannot do what the rule is about, or the machine was too busy to tell. */
  readonly result: 'ok' | 'broken' | 'skipped';
  /** What was seen that breaks the rule: the scenario, the operation and what happened. */
  readonly seen: readonly string[];
}

/** The report of {@link checkRunner}. */
export interface RunnerReport {
  /** The name of the runner. */
  readonly runner: string;
  /** Whether everything was played and no rule was broken. */
  readonly ok: boolean;
  readonly checks: readonly RunnerCheck[];
  /** What the runner cannot do, with the reasons. */
  readonly cannot: ReadonlyMap<RunnerAbility, string>;
  /** The scenarios that were left out because the machine was too busy however often they were played, with what was seen. */
  readonly disturbed: ReadonlyMap<string, string>;
}

const checkTested = checkFunctions('an object with the functions start, add and close', 'start', 'add', 'close');
const optionChecks = {patience: checkMilliseconds, concurrency: checkWhole(1, Number.POSITIVE_INFINITY)};

/**
 * Puts a runner through kills, turns that are lost, early, late and taken twice, throttling, deadlines, clocks that differ and
 * an `onEnd` that rejects, against the emulator, in real time: some ten seconds. What a busy machine disturbs is played again, with more time.
 *
 * @param runner its name in the report
 * @param open makes the runner with an empty store, each time that a scenario is played
 * @param options see {@link CheckRunnerOptions}
 * @returns which rules were kept
 * @throws TypeError or RangeError that names the argument which is wrong
 * @throws what `open`, or the runner's `start`, `add` or `close`, throws, once everything is closed: that is no report
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
  checkText('runner', runner);
  if (typeof open !== 'function') throw wrongType('open', 'a function that makes a runner', open);
  checkFields('options', options, optionChecks);
  const {patience = 20_000, concurrency = scenarios.length} = options;
  const asked = await open();
  checkTested('the runner that open makes', asked);
  const cannot = new Map(inabilitiesOf(asked));
  await asked.close();
  const scenes = new Map<Scenario, Scene>();
  const disturbed = new Map<string, string>();
  const waiting = scenarios.filter(({needs}) => needs === undefined || !cannot.has(needs)).values();
  const failing = new AbortController();
  const playNext = async (): Promise<void> => {
    for (const scenario of waiting) {
      const scene = await play(scenario, open, patience, failing.signal);
      if (scene.isCalm) scenes.set(scenario, scene);
      else disturbed.set(scenario.name, `a process stalled for ${Math.round(scene.stalls.lost)} ms`);
    }
  };
  // What one scenario throws ends the others, and is thrown when they have closed what they opened.
  const playUnlessFailing = () => playNext().catch((error: unknown) => failing.abort({error}));
  await Promise.all(Array.from({length: Math.min(concurrency, scenarios.length)}, playUnlessFailing));
  if (failing.signal.aborted) throw failing.signal.reason.error;
  const checks = rules.map((rule): RunnerCheck => {
    const {name, needs} = rule;
    if (needs !== undefined && cannot.has(needs)) return {name, result: 'skipped', seen: []};
    const seen = scenarios.flatMap((scenario) => {
      const scene = scenes.get(scenario);
      return scene === undefined ? [] : violationsOf(rule, scenario, scene);
    });
    if (seen.length > 0) return {name, result: 'broken', seen};
    return {name, result: disturbed.size === 0 ? 'ok' : 'skipped', seen};
  });
  const ok = disturbed.size === 0 && checks.every(({result}) => result !== 'broken');
  return {runner, ok, checks, cannot, disturbed};
}

/** How much longer the leases are each time that a scenario is played again. */
const stretch = 3;
const mostRounds = 3;

/**
 * Plays a scenario to its end, and again with longer leases while the machine is too busy: a lease that runs out because a process
 * stalled says nothing about the runner.
 *
 * @param open makes the runner with an empty store
 * @param patience how long to wait for anything that must come, in milliseconds
 * @param signal ends it, with its reason
 * @param isEnough whether a scene shows what there is to see. Default where nothing stalled
 */
export async function play(
  scenario: Scenario,
  open: () => TestedRunner | Promise<TestedRunner>,
  patience: number,
  signal: AbortSignal = new AbortController().signal,
  isEnough: (scene: Scene) => boolean = ({isCalm}) => isCalm,
): Promise<Scene> {
  for (let round = 1, factor = 1; ; round += 1, factor *= stretch) {
    signal.throwIfAborted();
    const pace = {lease: shortestLease * factor, patience: patience * factor, signal};
    const scene = await Scene.open(await open(), pace);
    try {
      await scenario.play(scene);
      await scene.settled();
    } finally {
      await scene.close();
    }
    if (round === mostRounds || isEnough(scene)) return scene;
  }
}

/** What a runner cannot do, and why. */
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
