import type {StepAnswer} from './operation-step.ts';
import type {Script} from './script.ts';

/** How far a script has been played: the step that is due, and how many polls it has already had. */
export interface ScriptPosition {
  readonly index: number;
  readonly taken: number;
}

export const scriptStart: ScriptPosition = {index: 0, taken: 0};

/**
 * The step that a poll gets, and the position after it. Pure: the same script, position and time give the same step.
 *
 * @param elapsed milliseconds since the script began
 */
export function takeStep(
  {steps, last}: Script,
  position: ScriptPosition,
  elapsed: number,
): {step: StepAnswer; position: ScriptPosition} {
  let {index, taken} = position;
  // Every step of a script is an object of its own, so the last one is known by its identity.
  for (let step = steps[index]; step !== undefined && step !== last; step = steps[index]) {
    const due = step.until === undefined ? taken < (step.times ?? 1) : elapsed < step.until;
    if (due) return {step, position: {index, taken: taken + 1}};
    index += 1;
    taken = 0;
  }
  return {step: last, position: {index, taken}};
}
