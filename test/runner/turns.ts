import ky, {type KyInstance} from 'ky';
import type {Outcome} from '../../src/operation/outcome.ts';
import {
  createRecord,
  dueAtOf,
  type EndedRecord,
  type OperationRecord,
  type RecordOptions,
  type Turn,
  type TurnOptions,
  takeTurn,
} from '../../src/runner/index.ts';
import * as schedules from '../../src/schedule/schedules.ts';
import {beginning, location, tasks} from '../support/core.ts';

/** What a service answers: a status, or a whole response. */
export type Scripted = string | (() => Response | Promise<Response>);

/** A service that gives these answers, one a request; the last one repeats. */
export function serviceOf(answers: readonly Scripted[]): {readonly http: KyInstance; readonly requests: string[]} {
  const requests: string[] = [];
  const http = ky.create({
    fetch: async (input) => {
      const answer = answers[Math.min(requests.length, answers.length - 1)] ?? 'running';
      requests.push(input instanceof Request ? input.url : String(input));
      return typeof answer === 'string' ? Response.json({id: 'b', status: answer}) : answer();
    },
  });
  return {http, requests};
}

/** An answer with an HTTP status and headers. */
export const answer =
  (status: number, headers: Readonly<Record<string, string>> = {}, body: object = {}): Scripted =>
  () =>
    Response.json(body, {status, headers});

/** Polls every second. */
export const everySecond = {schedule: schedules.fixed(1000), protocols: [tasks]} satisfies TurnOptions;

/** The record of an operation of {@link tasks}, made at {@link beginning} and read back from JSON. */
export function recordAt<Data>(options: RecordOptions<Data> = {}): OperationRecord<Data> {
  return stored(createRecord(location, {protocol: tasks, ...options}, beginning));
}

/** A record as a store gives it back. */
export function stored<Data>(record: OperationRecord<Data>): OperationRecord<Data> {
  return JSON.parse(JSON.stringify(record));
}

/** Takes turn after turn, each when it is due, until the record is done. */
export async function takeTurns<Data>(
  record: OperationRecord<Data>,
  options: TurnOptions<Data>,
): Promise<{readonly turns: readonly Turn<Data>[]; readonly done: Outcome; readonly record: OperationRecord<Data>}> {
  const turns: Turn<Data>[] = [];
  let current = record;
  for (let now = dueAtOf(record); turns.length < 100; ) {
    const turn = await takeTurn(current, options, now);
    turns.push(turn);
    current = stored(turn.record);
    if ('done' in turn) return {turns, done: turn.done, record: current};
    now = Math.ceil(turn.dueAt);
  }
  throw new Error('It was not done after 100 turns');
}

/** An `onEnd` that keeps what it gets, and rejects as often as it is told. */
export function keepEnds(rejections = 0): {
  readonly ends: EndedRecord<unknown>[];
  readonly onEnd: (ended: EndedRecord<unknown>) => Promise<void>;
} {
  const ends: EndedRecord<unknown>[] = [];
  const onEnd = async (ended: EndedRecord<unknown>): Promise<void> => {
    ends.push(ended);
    if (ends.length <= rejections) throw new Error(`no mail server, ${ends.length}`);
  };
  return {ends, onEnd};
}

/** What two outcomes of the same operation have in common. */
export function facts(outcome: Outcome): unknown {
  if (outcome.status === 'succeeded') return outcome;
  const {name, message, attempts, elapsed, observed, location: where, requestId} = outcome.error;
  return {...outcome, error: {name, message, attempts, elapsed, observed, where, requestId}};
}
