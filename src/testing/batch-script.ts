import type {StepAnswer} from './operation-step.ts';
import type {Script} from './script.ts';
import {readAnswers} from './script.ts';
import type {ScriptPosition} from './script-position.ts';
import {scriptStart, takeStep} from './script-position.ts';

/** What envelopes are answered: `false` if there is no `$batch`; else one answer each, and then the service is as usual. */
export type BatchAnswers = readonly StepAnswer[] | false;

/** What the envelopes of an emulator are answered. */
export class BatchScript {
  #script: Script | undefined;
  #position: ScriptPosition = scriptStart;
  #scriptedAt = Date.now();

  constructor(name: string, answers: BatchAnswers) {
    this.#script = read(name, answers);
  }

  rescript(name: string, answers: BatchAnswers): void {
    this.#script = read(name, answers);
    this.#position = scriptStart;
    this.#scriptedAt = Date.now();
  }

  /** Whether there is a `$batch` at all. */
  get exists(): boolean {
    return this.#script !== undefined;
  }

  /** The step of the next envelope; `{}` if the service is as usual. */
  take(now: number): StepAnswer {
    if (this.#script === undefined) return {};
    const {step, position} = takeStep(this.#script, this.#position, now - this.#scriptedAt);
    this.#position = position;
    return step;
  }
}

function read(name: string, answers: BatchAnswers): Script | undefined {
  return answers === false ? undefined : readAnswers(name, answers);
}
