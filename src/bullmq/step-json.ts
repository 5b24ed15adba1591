import type {OperationEvent} from '../events.ts';
import {type ResumeToken, readResumeToken, writeResumeToken} from '../resume-token.ts';
import type {Step} from '../step.ts';
import {type JobResult, readResult, writeResult} from './job.ts';
import {type PollErrorJson, readPollError, writePollError} from './poll-error-json.ts';

/** The name of the event by which BullMQ's stream carries what a step tells. */
export const stepEvent = 'operation';

/** An event without what the step's token says already. */
interface EventJson {
  readonly type: string;
  readonly at: number;
  readonly attempt: number;
  readonly [field: string]: unknown;
}

interface StepJson extends JobResult {
  readonly token: ResumeToken;
  readonly events: readonly EventJson[];
}

/** Whether a step tells more than that it was taken. */
export function tellsMore({events}: Step): boolean {
  return events.some(({type}) => type !== 'polled' && type !== 'waiting');
}

/** Writes what a step tells. */
export function writeStep({state, events, next}: Pick<Step, 'state' | 'events' | 'next'>): string {
  const result = 'outcome' in next ? writeResult(state, next.outcome) : {token: writeResumeToken(state)};
  const step: StepJson = {...result, events: events.map((event) => writeEvent(event, state.shownLocation))};
  return JSON.stringify(step);
}

/**
 * Reads what {@link writeStep} wrote: the same events, frozen.
 *
 * @throws SyntaxError, TypeError or InvalidResumeTokenError
 */
export function readStep(text: string): readonly OperationEvent[] {
  const step: StepJson = JSON.parse(text);
  const {operation, shownLocation: location} = readResumeToken(step.token);
  return step.events.map((event) => {
    const read: Record<string, unknown> = {operation, location, ...event};
    if (event.type === 'retrying') read['error'] = readPollError(event['error'] as PollErrorJson);
    if (event.type === 'abandoned') {
      const outcome = readResult(step);
      if (outcome.status === 'abandoned') read['error'] = outcome.error;
    }
    if (event['answer'] !== undefined) Object.freeze(event['answer']);
    return Object.freeze(read) as unknown as OperationEvent;
  });
}

function writeEvent(event: OperationEvent, shownLocation: string): EventJson {
  // The operation is the token's: of all the events of a step it is the same one.
  const {operation, location, ...own} = event;
  const where = location === shownLocation ? {} : {location};
  if (own.type === 'retrying') return {...own, ...where, error: writePollError(own.error)};
  if (own.type === 'abandoned') {
    const {error, ...rest} = own;
    return {...rest, ...where};
  }
  return {...own, ...where};
}
