import {
  type Check,
  checkFields,
  checkHeaders,
  checkHeaderValue,
  checkJson,
  checkMilliseconds,
  checkObject,
  checkOneOf,
  checkText,
  checkTextOrNumber,
  checkWhole,
  isRecord,
  outOfRange,
  wrongType,
} from './checks.ts';
import type {OperationStep, StepAnswer} from './operation-step.ts';

/** A checked script: at least one step, each copied in its full form, so that later changes by the caller have no effect. */
export interface Script {
  readonly steps: readonly StepAnswer[];
  readonly last: StepAnswer;
}

const stepChecks: Readonly<Record<keyof StepAnswer, Check>> = {
  status: checkText,
  detail: checkText,
  percentageComplete: checkTextOrNumber,
  resourceLocation: checkText,
  error: checkJson,
  fields: (name, value) => {
    checkObject(name, value);
    checkJson(name, value);
  },
  body: checkJson,
  text: checkText,
  http: checkWhole(200, 599),
  headers: checkHeaders,
  retryAfter: checkHeaderValue,
  delay: checkMilliseconds,
  times: checkWhole(1, Number.MAX_SAFE_INTEGER),
  until: checkMilliseconds,
  fault: checkOneOf(['reset', 'hang', 'hangBody', 'truncated', 'huge', 'endless']),
  claims: (name, value) => {
    if (typeof value === 'string') return;
    if (!isRecord(value)) throw wrongType(name, 'JSON text or an object', value);
    checkJson(name, value);
  },
  redirect: checkHeaderLocation,
  location: checkHeaderLocation,
};

/** A step has at most one field of each pair. */
const exclusiveFields: ReadonlyArray<readonly [keyof StepAnswer, keyof StepAnswer]> = [
  ['body', 'text'],
  ['times', 'until'],
  ['redirect', 'location'],
];

/** Checks a script and brings its steps into their full form; throws a TypeError or RangeError that names the step and the field. */
export function readScript(name: string, script: readonly OperationStep[]): Script {
  if (!Array.isArray(script)) throw wrongType(name, 'a list of steps', script);
  const steps = script.map((step: OperationStep, index) => readStep(`${name}[${index}]`, step));
  const last = steps.at(-1);
  if (last === undefined) throw outOfRange(name, 'a list of at least one step', script);
  checkTimesAscend(name, steps);
  return {steps, last};
}

/** Checks the one step that answers every request. */
export function readSingleStep(name: string, step: OperationStep): Script {
  const last = readStep(name, step);
  return {steps: [last], last};
}

/** Checks steps that interrupt a script. One more is appended: it marks the end of the interruption. */
export function readInterruption(name: string, steps: readonly OperationStep[]): Script {
  const {steps: checked} = readScript(name, steps);
  const last: StepAnswer = {};
  return {steps: [...checked, last], last};
}

/** Checks answers that are given once each. `{}` is the answer from then on. */
export function readAnswers(name: string, answers: readonly StepAnswer[]): Script {
  if (!Array.isArray(answers)) throw wrongType(name, 'a list of answers', answers);
  for (const [index, answer] of answers.entries()) checkObject(`${name}[${index}]`, answer);
  return readScript(name, [...answers, {}]);
}

function readStep(name: string, step: OperationStep): StepAnswer {
  if (typeof step === 'string') return {status: step};
  if (!isRecord(step)) throw wrongType(name, 'a status or an object', step);
  checkFields(name, step, stepChecks);
  for (const [one, other] of exclusiveFields) {
    if (step[one] !== undefined && step[other] !== undefined) {
      throw new TypeError(`${name}: expected either ${one} or ${other}, got both`);
    }
  }
  return {...step};
}

function checkTimesAscend(name: string, steps: readonly StepAnswer[]): void {
  let latest = -1;
  for (const [index, {until}] of steps.entries()) {
    if (until === undefined) continue;
    // A step that ends before its predecessor would never be used: surely a mistake.
    if (until <= latest)
      throw outOfRange(`${name}[${index}].until`, `more than ${latest}, the value of an earlier step`, until);
    latest = until;
  }
}

function checkHeaderLocation(name: string, value: unknown): void {
  checkText(name, value);
  checkHeaderValue(name, value);
}
