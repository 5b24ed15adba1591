import type {StepAnswer} from './operation-step.ts';
import type {Script} from './script.ts';

/** A script and how far it has been played. */
export class Playback {
  readonly script: Script;
  readonly #startedAt: number;
  /** The step that is due, and how many polls it has answered. */
  #index = 0;
  #taken = 0;

  /** @param startedAt when the script starts, in milliseconds since 1970 */
  constructor(script: Script, startedAt: number) {
    this.script = script;
    this.#startedAt = startedAt;
  }

  /** The step that a poll gets. */
  take(now: number): StepAnswer {
    const [step, index, taken] = this.#due(now);
    this.#index = index;
    this.#taken = taken + 1;
    return step;
  }

  /** The step that a poll would get. */
  peek(now: number): StepAnswer {
    return this.#due(now)[0];
  }

  #due(now: number): readonly [step: StepAnswer, index: number, taken: number] {
    const {steps, last} = this.script;
    const elapsed = now - this.#startedAt;
    let taken = this.#taken;
    for (let index = this.#index; ; index += 1) {
      const step = steps[index] ?? last;
      // Each step of a script is an object of its own, so identity tells the last one, which repeats forever.
      if (step === last || (step.until === undefined ? taken < (step.times ?? 1) : elapsed < step.until)) {
        return [step, index, taken];
      }
      taken = 0;
    }
  }
}
