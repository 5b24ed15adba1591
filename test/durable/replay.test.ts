import {afterEach, describe, expect, jest, test} from '@jest/globals';
import fc from 'fast-check';
import {type OperationEvent, type Outcome, schedules} from 'operation-poller';
import {type DurableRun, type DurableRunOptions, watchDurably, watchDurablyInRuns} from 'operation-poller/durable';
import {beginning, location, tasks} from '../support/core.ts';
import {type Crash, Journal, Killed} from './support/journal.ts';
import {factsOf, says, service, settle, type TransportResponse} from './support/service.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

const going: fc.Arbitrary<TransportResponse> = fc.oneof(
  fc.constantFrom(says('notStarted'), says('running'), says('somethingNew')),
  fc.integer({min: 0, max: 100}).map((percentComplete) => says('running', {percentComplete})),
  fc.constantFrom<TransportResponse>(
    {...says('running'), headers: {'retry-after': '3'}},
    {http: 429, headers: {'retry-after': '7'}, body: {}},
    {http: 503, headers: {'retry-after': '1'}, body: {error: {code: 'busy', message: 'later'}}},
    {http: 503, body: ''},
    {http: 404, body: {error: {code: 'notFound'}}},
    {body: '<html>'},
    {fails: true},
  ),
);
const ending: fc.Arbitrary<TransportResponse> = fc.constantFrom(
  says('succeeded', {result: {list: [1, null]}}),
  says('failed', {error: {code: 'policy', message: 'no'}}),
  says('canceled'),
  {http: 403, body: {}},
  says('running'),
);
const crashes: fc.Arbitrary<readonly Crash[]> = fc.array(
  fc.record({
    after: fc.integer({min: 0, max: 6}),
    when: fc.constantFrom('before' as const, 'unrecorded' as const, 'recorded' as const),
  }),
  {maxLength: 8},
);

const hinted: fc.Arbitrary<ReadonlyMap<string, number> | undefined> = fc.option(
  fc
    .array(fc.tuple(fc.integer({min: 0, max: 12}), fc.integer({min: 1, max: 2000})))
    .map((hints) => new Map(hints.map(([attempt, after]) => [`wait ${attempt}`, after]))),
  {nil: undefined},
);

interface Played {
  readonly journal: Journal;
  readonly outcome: Outcome;
  /** The events of the last execution, which got them all. */
  readonly events: readonly OperationEvent[];
}

/** Runs a workflow to its end, however often it is killed on the way. */
async function play(
  answers: readonly TransportResponse[],
  kills: readonly Crash[] = [],
  hints?: ReadonlyMap<string, number>,
): Promise<Played> {
  const journal = new Journal(beginning);
  journal.hints = hints;
  settle(journal);
  const http = service((recorded) => answers[Math.min(recorded, answers.length - 1)] as TransportResponse, journal);
  let earlier: OperationEvent[] = [];
  for (let execution = 0; ; execution++) {
    const events: OperationEvent[] = [];
    try {
      const outcome = await watchDurably(journal.host(kills[execution]), location, {
        protocol: tasks,
        http,
        totalTimeout: 60_000,
        retry: {retries: 1, minTimeout: 0, maxTimeout: 0},
        onEvent: (event) => void events.push(event),
      });
      expect(factsOfEvents(events.slice(0, earlier.length))).toEqual(factsOfEvents(earlier));
      return {journal, outcome, events};
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      // What was emitted before is emitted again at the same places.
      const common = Math.min(events.length, earlier.length);
      expect(factsOfEvents(events.slice(0, common))).toEqual(factsOfEvents(earlier.slice(0, common)));
      if (events.length > earlier.length) earlier = events;
    }
  }
}

function factsOfEvents(events: readonly OperationEvent[]): readonly unknown[] {
  return events.map((event) => ('error' in event ? {...event, error: event.error.message} : event));
}

describe('a workflow that is killed at any point', () => {
  test('takes the same steps, ends the same way and records no poll twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(going, {maxLength: 12}), ending, crashes, hinted, async (middle, end, kills, hints) => {
        const answers = [...middle, end];
        const undisturbed = await play(answers, [], hints);
        const {journal, outcome, events} = await play(answers, kills, hints);

        expect(journal.entries).toEqual(undisturbed.journal.entries);
        expect(factsOf(outcome)).toEqual(factsOf(undisturbed.outcome));
        expect(factsOfEvents(events)).toEqual(factsOfEvents(undisturbed.events));
        expect(new Set(journal.steps.map((step) => step.replace(/: .*/, ''))).size).toBe(journal.steps.length);
        // Work was done again only where it was cut off before it was recorded.
        const cutOff = kills.filter(({when}) => when === 'unrecorded').length;
        expect(journal.worked.length - journal.polls).toBeLessThanOrEqual(cutOff);
      }),
      {numRuns: 60},
    );
  });

  test.each([
    ['a good end', [says('notStarted'), says('running'), {fails: true}, says('succeeded')]],
    [
      'a told wait',
      [{...says('running'), headers: {'retry-after': '3'}}, {http: 429, headers: {'retry-after': '7'}}, says('failed')],
    ],
    ['a deadline', [{http: 503, body: ''}, says('running')]],
  ] as const)('at each of its steps, once and again, ends as one that was not: %s', async (_, answers) => {
    const hints = new Map([['wait 1', 500]]);
    const undisturbed = await play(answers, [], hints);
    const moments = ['before', 'unrecorded', 'recorded'] as const;
    const kills = undisturbed.journal.entries.flatMap((_, after) => moments.map((when) => ({after, when})));
    const again: readonly Crash[] = moments.map((when) => ({after: 0, when}));
    for (const kill of kills) {
      for (const second of again) {
        const {journal, outcome, events} = await play(answers, [kill, second, kill], hints);
        expect(journal.entries).toEqual(undisturbed.journal.entries);
        expect(factsOf(outcome)).toEqual(factsOf(undisturbed.outcome));
        expect(factsOfEvents(events)).toEqual(factsOfEvents(undisturbed.events));
      }
    }
  });

  test('is replayed only from what was recorded, without a request', async () => {
    const answers = [says('running'), {http: 503, body: ''}, says('failed')];
    const {journal, outcome} = await play(answers);
    const worked = journal.worked.length;
    journal.now += 3_600_000;
    const http = service(() => {
      throw new Error('A replay must not send a request');
    }, journal);
    jest.spyOn(Math, 'random').mockImplementation(() => {
      throw new Error('A replay must not depend on randomness');
    });
    jest.spyOn(Date, 'now').mockImplementation(() => {
      throw new Error('A replay must not read a clock');
    });
    const again = await watchDurably(journal.host(), location, {protocol: tasks, http, totalTimeout: 60_000});
    expect(factsOf(again)).toEqual(factsOf(outcome));
    expect(journal.worked).toHaveLength(worked);
  });
});

describe('a watch in several runs', () => {
  const options: DurableRunOptions = {protocol: tasks, schedule: schedules.fixed(5000), totalTimeout: 600_000};

  test('makes a limited number of polls in each, and the numbers of its steps continue', async () => {
    const steps: (readonly string[])[] = [];
    let place: Parameters<typeof watchDurablyInRuns>[1] = location;
    let recorded = 0;
    let clock = beginning;
    for (;;) {
      const journal = new Journal(clock);
      settle(journal);
      const http = service((polls) => says(recorded + polls < 6 ? 'running' : 'succeeded'), journal);
      const run: DurableRun = await watchDurablyInRuns(journal.host(), place, {...options, http, pollsPerRun: 3});
      jest.restoreAllMocks();
      recorded += journal.polls;
      clock = journal.now;
      steps.push(journal.steps);
      if ('outcome' in run) {
        expect(run.outcome.status).toBe('succeeded');
        break;
      }
      expect(run.wait).toBe(5000);
      expect(JSON.parse(JSON.stringify(run.continueWith))).toEqual(run.continueWith);
      place = run.continueWith;
      // The second run begins late, the others at once.
      clock += steps.length === 1 ? 2000 : 0;
    }
    expect(steps).toEqual([
      ['begin', 'poll 1', 'wait 1: 5000', 'poll 2', 'wait 2: 5000', 'poll 3'],
      ['begin', 'wait 3: 3000', 'poll 4', 'wait 4: 5000', 'poll 5', 'wait 5: 5000', 'poll 6'],
      ['begin', 'wait 6: 5000', 'poll 7'],
    ]);
    expect(recorded).toBe(7);
  });

  test.each([0, -1, 1.5, Number.NaN, '3'])('refuses a pollsPerRun of %p', async (pollsPerRun) => {
    const watch = watchDurablyInRuns(new Journal(beginning).host(), location, {pollsPerRun: pollsPerRun as number});
    await expect(watch).rejects.toThrow(/^pollsPerRun: expected a whole number/);
  });
});
