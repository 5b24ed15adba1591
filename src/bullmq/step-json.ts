import type {OperationEvent} from '../operation/events.ts';
import {type PollErrorJson, readPollError, writePollError} from '../operation/poll-error.ts';
import {readOperation} from '../operation/read-resume-token.ts';
import {type OperationJson, writeOperation, writeResumeToken} from '../operation/resume-token.ts';
import type {Answer} from '../operation/state.ts';
import type {Step} from '../polling/step-builder.ts';
import {type OutcomeJson, readOutcome, writeOutcome} from '../runner/outcome-json.ts';

/** The name of the event by which BullMQ's stream carries what a step emits. */
export const stepEvent = 'operation';

/** What all events of a step usually have in common. */
interface Common {
  readonly location: string;
  readonly attempt: number;
  readonly at: number;
  readonly answer?: Answer | undefined;
}

/** A step's events. Redis holds thousands of these, so what they have in common is written once. */
interface StepJson extends Common {
  readonly operation?: OperationJson;
  /** Each without what it has in common with the last one. */
  readonly events: ReadonlyArray<{readonly type: string; readonly [field: string]: unknown}>;
  /** What the error of `abandoned` is made from. */
  readonly result?: OutcomeJson;
}

/** Whether a step emits anything besides `polled` and `waiting`. */
export function hasNews({events}: Step): boolean {
  return events.some(({type}) => type !== 'polled' && type !== 'waiting');
}

/** Writes what a step emits. */
export function writeStep({state, events, next}: Pick<Step, 'state' | 'events' | 'next'>): string {
  const last = events.at(-1);
  const {location = state.redactedLocation, attempt = state.attempt, at = 0, answer} = last ?? {};
  const common: Common = {location, attempt, at, answer};
  const {operation} = state;
  const step: StepJson = {
    ...common,
    ...(operation === undefined ? {} : {operation: writeOperation(operation)}),
    events: events.map((event) => writeEvent(event, common)),
    ...('outcome' in next && next.outcome.status === 'abandoned'
      ? {result: writeOutcome(next.outcome, writeResumeToken(state))}
      : {}),
  };
  return JSON.stringify(step);
}

/**
 * Reads what {@link writeStep} wrote: the same events, frozen.
 *
 * @throws SyntaxError, TypeError or InvalidResumeTokenError
 */
export function readStep(text: string): readonly OperationEvent[] {
  const {events, operation: json, result, ...common}: StepJson = JSON.parse(text);
  const operation = json === undefined ? undefined : readOperation(json);
  const outcome = result === undefined ? undefined : readOutcome(result);
  if (common.answer !== undefined) Object.freeze(common.answer);
  return events.map((event) => {
    const read: Record<string, unknown> = {operation, ...common, ...event};
    if (event['answer'] === null) delete read['answer'];
    if (event.type === 'retrying') read['error'] = readPollError(event['error'] as PollErrorJson);
    if (event.type === 'abandoned' && outcome?.status === 'abandoned') read['error'] = outcome.error;
    return Object.freeze(read) as unknown as OperationEvent;
  });
}

function writeEvent(event: OperationEvent, common: Common): StepJson['events'][number] {
  // The operation is the same one in all the events of a step.
  const {operation, location, attempt, at, answer, ...own} = event;
  const differing = {
    ...(location === common.location ? {} : {location}),
    ...(attempt === common.attempt ? {} : {attempt}),
    ...(at === common.at ? {} : {at}),
    // `null`: it has none where the others have one.
    ...(answer === common.answer ? {} : {answer: answer ?? null}),
  };
  if (own.type === 'retrying') return {...own, ...differing, error: writePollError(own.error)};
  if (own.type === 'abandoned') {
    const {error, ...rest} = own;
    return {...rest, ...differing};
  }
  return {...own, ...differing};
}
