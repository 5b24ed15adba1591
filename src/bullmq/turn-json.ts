import type {OperationEvent} from '../operation/events.ts';
import {isOperationStatus} from '../operation/operation.ts';
import {type PollErrorJson, readPollError, writePollError} from '../operation/poll-error.ts';
import {readOperation} from '../operation/read-resume-token.ts';
import type {OperationJson} from '../operation/resume-token.ts';
import type {Answer} from '../operation/state.ts';
import {type OutcomeJson, readOutcome} from '../runner/outcome-json.ts';
import type {TurnFacts} from '../runner/take-turn.ts';

/** The name of the event by which BullMQ's stream carries what a turn emits. */
export const turnEvent = 'operation';

/** What turns and their events are written from. */
export type Emitted = Pick<TurnFacts, 'record' | 'events'>;

/** What all events of a turn usually have in common. */
interface Common {
  readonly location: string;
  readonly attempt: number;
  readonly at: number;
  readonly answer?: Answer | undefined;
}

/** A turn's events. Redis holds thousands of these, so what they have in common is written once. */
interface TurnJson extends Common {
  readonly operation?: OperationJson | undefined;
  /** Each without what it has in common with the last one. */
  readonly events: ReadonlyArray<{readonly type: string; readonly [field: string]: unknown}>;
  /** What the error of `abandoned` is made from. */
  readonly result?: OutcomeJson | undefined;
}

/** Whether a turn emits anything besides `polled` and `waiting`. */
export function hasNews(events: readonly OperationEvent[]): boolean {
  return events.some(({type}) => type !== 'polled' && type !== 'waiting');
}

export function writeTurn({record: {token, ended}, events}: Emitted): string {
  const {location = '', attempt = token.attempt, at = 0, answer} = events.at(-1) ?? {};
  const common: Common = {location, attempt, at, answer};
  const {cause, rawStatus, resultFailedAt} = ended ?? {};
  const turn: TurnJson = {
    ...common,
    operation: token.operation,
    events: events.map((event) => writeEvent(event, common)),
    result: ended && token.abandoned ? {token, cause, rawStatus, resultFailedAt} : undefined,
  };
  return JSON.stringify(turn);
}

/**
 * Reads what {@link writeTurn} wrote: the same events, frozen.
 *
 * @throws SyntaxError, TypeError or InvalidResumeTokenError
 */
export function readTurn(text: string): readonly OperationEvent[] {
  const {events, operation: json, result, ...common}: TurnJson = JSON.parse(text);
  const operation = json === undefined ? undefined : readOperation(json);
  const outcome = result === undefined ? undefined : readOutcome(result);
  if (common.answer !== undefined) Object.freeze(common.answer);
  return events.map((event) => {
    const read: Record<string, unknown> = {operation, ...common, ...event};
    if (event['answer'] === null) delete read['answer'];
    if (event.type === 'retrying') read['error'] = readPollError(event['error'] as PollErrorJson);
    if (event.type === 'abandoned') {
      if (outcome?.status !== 'abandoned') throw new TypeError('abandoned: expected the outcome of its watch');
      read['error'] = outcome.error;
    }
    // Listeners rely on it, and whoever can write to Redis may have left it out.
    if (isOperationStatus(event.type) && operation === undefined) {
      throw new TypeError(`${event.type}: expected the operation`);
    }
    return Object.freeze(read) as unknown as OperationEvent;
  });
}

function writeEvent(event: OperationEvent, common: Common): TurnJson['events'][number] {
  // The operation is the same one in all the events of a turn.
  const {operation, location, attempt, at, answer, ...own} = event;
  // What is `undefined` is not written.
  return {
    ...own,
    location: location === common.location ? undefined : location,
    attempt: attempt === common.attempt ? undefined : attempt,
    at: at === common.at ? undefined : at,
    // `null`: it has none where the others have one.
    answer: answer === common.answer ? undefined : (answer ?? null),
    // That of `abandoned` is in the outcome.
    error: own.type === 'retrying' ? writePollError(own.error) : undefined,
  };
}
