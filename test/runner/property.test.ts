import {expect, test} from '@jest/globals';
import fc from 'fast-check';
import {dueAtOf, type OperationRecord, type TurnOptions, takeTurn} from '../../src/runner/index.ts';
import {beginning} from '../support/core.ts';
import {answer, everySecond, facts, keepEnds, recordAt, type Scripted, serviceOf, stored} from './turns.ts';

/** What a runner does with a record: take its turn early, when it is due or late, and store it, not at all, or twice. */
const delivery = fc.record({
  late: fc.integer({min: -5000, max: 60_000}),
  fate: fc.constantFrom('stored', 'stored', 'lost', 'doubled'),
});

const scripts: readonly (readonly Scripted[])[] = [
  ['notStarted', 'running', 'running', 'succeeded'],
  ['running', answer(503), answer(429, {'retry-after': '7'}), 'failed'],
  [answer(404), 'running', 'canceled'],
  [answer(403)],
  [answer(410)],
];

/** Delivers a record as often as it says, and then when it is due until it is done. */
async function run(
  script: readonly Scripted[],
  deliveries: readonly {readonly late: number; readonly fate: string}[],
  rejections: number,
) {
  // The operation goes on by one answer each time that a turn is stored, so that after a lost turn it is as it was.
  let place = 0;
  const {http} = serviceOf([
    () => {
      const scripted = script[Math.min(place, script.length - 1)] ?? 'running';
      return typeof scripted === 'string' ? Response.json({id: 'b', status: scripted}) : scripted();
    },
  ]);
  const {ends, onEnd} = keepEnds(rejections);
  const options: TurnOptions = {...everySecond, http, onEnd};
  const {id} = recordAt();
  let row: OperationRecord | undefined = {...recordAt({totalTimeout: false}), id};
  let now = beginning;
  let turns = 0;
  let endsBeforeStored = 0;
  for (; row !== undefined && turns < 200; turns += 1) {
    const {late, fate} = deliveries[turns] ?? {late: 0, fate: 'stored'};
    now = Math.max(now, Math.ceil(dueAtOf(row)) + late);
    const given: OperationRecord = row;
    const taken = await Promise.all(
      (fate === 'doubled' ? [1, 2] : [1]).map(() => takeTurn(stored(given), options, now)),
    );
    if (given.ended === undefined) endsBeforeStored += ends.length;
    const [turn] = taken;
    if (fate === 'lost' || turn === undefined) continue;
    if (turn.record.token.attempt > given.token.attempt) place += 1;
    row = 'done' in turn ? undefined : stored(turn.record);
  }
  return {id, ends, endsBeforeStored, isDone: row === undefined};
}

test('any sequence of early, late, lost and doubled turns gives the same outcome, and onEnd at least once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...scripts),
      fc.array(delivery, {maxLength: 30}),
      fc.nat({max: 3}),
      async (script, deliveries, rejections) => {
        const quiet = await run(script, [], 0);
        expect(quiet).toMatchObject({isDone: true, ends: [{}]});
        const {id, ends, endsBeforeStored, isDone} = await run(script, deliveries, rejections);
        expect({isDone, endsBeforeStored}).toEqual({isDone: true, endsBeforeStored: 0});
        expect(ends.length).toBeGreaterThan(rejections);
        expect(new Set(ends.map((ended) => ended.id))).toEqual(new Set([id]));
        const [first] = ends;
        expect(ends.map(({outcome}) => facts(outcome))).toEqual(ends.map(() => first && facts(first.outcome)));
        expect(first?.outcome.status).toBe(quiet.ends[0]?.outcome.status);
        expect(first?.outcome.operation).toEqual(quiet.ends[0]?.outcome.operation);
      },
    ),
    {numRuns: 150},
  );
});
