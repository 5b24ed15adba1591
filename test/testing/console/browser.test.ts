import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {type OperationEvent, pollOperation, protocols, schedules} from 'operation-poller';
import {edges, isAvailable, nodes, stateOf} from '../../../src/testing/console/browser/machine-view.ts';
import {applyMessage, emptyModel} from '../../../src/testing/console/browser/model.ts';
import {layOut} from '../../../src/testing/console/browser/timeline.ts';
import {
  type PageWatch,
  type WatchEntry,
  watchEntryOf,
  watchOperation,
} from '../../../src/testing/console/browser/watch.ts';
import {
  commandFor,
  countText,
  elapsed,
  estimateOf,
  lineOf,
  nextText,
  watchLineOf,
} from '../../../src/testing/console/browser/wording.ts';
import type {Entry, EntryAnswer, OperationView} from '../../../src/testing/console/wire.ts';
import {limits} from '../../../src/testing/console/wire.ts';
import {startEmulator} from '../emulators.ts';

const next = {status: 'running', http: 200};

function entry(at: number, given: Partial<Entry> = {}): Entry {
  return {at, kind: 'answered', status: 'running', changed: false, next, ...given};
}

function answer(given: Partial<EntryAnswer> = {}): EntryAnswer {
  return {method: 'GET', http: 200, here: false, ...given};
}

function view(key: number, given: Partial<OperationView> = {}): OperationView {
  const about = {id: `id-${key}`, userId: 'u', location: 'http://127.0.0.1/x', bearer: true, addedAt: 0};
  return {key, ...about, status: 'running', polls: 0, next, body: '', ...given};
}

const none: ReadonlySet<number> = new Set();

describe('the model', () => {
  const snapshot = {
    type: 'snapshot',
    emulator: 'e',
    token: 't',
    operations: [{view: view(1), entries: [entry(1)]}],
  } as const;

  test('is replaced by a snapshot and extended by an update', () => {
    const first = applyMessage(emptyModel, snapshot, none);
    const second = applyMessage(first, {type: 'update', view: view(1, {polls: 1}), entry: entry(2)}, none);
    const third = applyMessage(second, {type: 'update', view: view(2), entry: entry(3)}, none);
    expect(third.operations.get(1)).toEqual({view: view(1, {polls: 1}), entries: [entry(1), entry(2)]});
    expect([...third.operations.keys()]).toEqual([1, 2]);
    expect(first.operations.get(1)?.entries).toHaveLength(1);
    expect(applyMessage(third, {...snapshot, emulator: 'f', operations: []}, new Set([1]))).toEqual({
      emulator: 'f',
      token: 't',
      total: 0,
      operations: new Map(),
    });
  });

  test('keeps no more than its limits', () => {
    let model = emptyModel;
    for (let at = 0; at < limits.entries + 5; at++)
      model = applyMessage(model, {type: 'update', view: view(1), entry: entry(at)}, none);
    expect(model.operations.get(1)?.entries).toHaveLength(limits.entries);
    expect(model.operations.get(1)?.entries[0]?.at).toBe(5);
    for (let key = 2; key < limits.operations + 3; key++) {
      model = applyMessage(model, {type: 'update', view: view(key), entry: entry(0)}, none);
    }
    expect(model.operations.size).toBe(limits.operations);
    expect([...model.operations.keys()][0]).toBe(3);
    // The server sends what happens to older ones too.
    expect(applyMessage(model, {type: 'update', view: view(1), entry: entry(9)}, none)).toBe(model);
  });

  test('keeps what is chosen or watched, however many newer ones there are', () => {
    const kept = new Set([1]);
    let model = applyMessage(emptyModel, {type: 'update', view: view(1, {body: 'last'}), entry: entry(1)}, kept);
    for (let key = 2; key <= 201; key++) {
      model = applyMessage(model, {type: 'update', view: view(key), entry: entry(0)}, kept);
    }
    expect([model.total, model.operations.size]).toEqual([201, limits.operations + 1]);
    model = applyMessage(model, {type: 'update', view: view(1, {status: 'succeeded'}), entry: entry(2)}, kept);
    expect([...model.operations.keys()].slice(0, 2)).toEqual([1, 102]);
    expect(model.operations.get(1)?.view).toMatchObject({status: 'succeeded', body: 'last'});
    expect(model.operations.get(1)?.entries).toHaveLength(2);
    // A page that has slept gets the latest ones alone.
    const latest = {...snapshot, emulator: '', operations: [{view: view(201), entries: []}]};
    expect([...applyMessage(model, latest, kept).operations.keys()]).toEqual([1, 201]);
    expect([...applyMessage(model, latest, none).operations.keys()]).toEqual([201]);
  });
});

describe('the machine', () => {
  test.each([
    ['notStarted', 'notStarted'],
    ['RUNNING', 'running'],
    ['inProgress', 'running'],
    ['completed', 'succeeded'],
    ['failed', 'failed'],
    ['skipped', 'canceled'],
    ['cancelled', 'canceled'],
    ['NotSucceeded', undefined],
    ['constructor', undefined],
    ['', undefined],
  ])('%s is drawn as %s', (status, state) => {
    expect(stateOf(status)).toBe(state);
  });

  test('has a state for each status, and an edge for each transition of the library', () => {
    expect(nodes.map(({state}) => state).sort()).toEqual(['canceled', 'failed', 'notStarted', 'running', 'succeeded']);
    const transitions = edges.map(({from, to}) => `${from} ${to}`);
    expect(new Set(transitions).size).toBe(8);
    expect(transitions.filter((each) => /^(succeeded|failed|canceled)/.test(each))).toEqual([]);
  });

  test.each([
    ['notStarted', ['start', 'succeed', 'fail', 'cancel', 'throttle', 'lose', 'forget']],
    ['running', ['succeed', 'fail', 'cancel', 'throttle', 'lose', 'forget']],
    ['succeeded', ['throttle', 'lose', 'forget']],
    ['aCustomStatus', ['start', 'succeed', 'fail', 'cancel', 'throttle', 'lose', 'forget']],
  ] as const)('an operation that is %s allows the actions %j', (status, actions) => {
    const every = ['start', 'succeed', 'fail', 'cancel', 'throttle', 'lose', 'forget'] as const;
    expect(every.filter((action) => isAvailable(action, status))).toEqual(actions);
  });
});

describe('the wording', () => {
  test.each([
    [0, '0.0 s'],
    [-5, '0.0 s'],
    [1999, '1.9 s'],
    [59_999, '59.9 s'],
    [65_000, '1:05'],
    [3_605_000, '1:00:05'],
  ])('shows %d ms as %s', (milliseconds, text) => {
    expect(elapsed(milliseconds)).toBe(text);
  });

  test.each([
    [entry(0, {kind: 'added', status: 'notStarted'}), 'added, notStarted', 'strong'],
    [entry(0, {kind: 'moved', changed: true}), 'moved to running', 'strong'],
    [entry(0, {kind: 'moved', next: {status: 'running', http: 404}}), 'moved; next poll: HTTP 404', 'strong'],
    [
      entry(0, {kind: 'interrupted', next: {...next, fault: 'reset'}}),
      'interrupted; next poll: faulty answer (reset)',
      'strong',
    ],
    [entry(0, {answer: answer()}), 'GET → 200 running', ''],
    [entry(0, {answer: answer({here: true}), changed: true}), 'GET → 200 running (this page)', 'strong'],
    [entry(0, {answer: answer({http: 429, retryAfter: '5'})}), 'GET → 429, Retry-After 5', 'throttled'],
    [entry(0, {answer: answer({http: 401})}), 'GET → 401', 'trouble'],
    [entry(0, {answer: answer({fault: 'reset'})}), 'GET → reset', 'trouble'],
    [entry(0, {answer: answer({method: 'DELETE', http: 204})}), 'DELETE → 204 running', ''],
  ] as const)('%j is shown as "%s"', (given, text, kind) => {
    expect(lineOf(given, -1000)).toEqual({time: '1.0 s', text, kind});
  });

  test.each([
    [{type: 'polled'}, 'polled 2: running', ''],
    [{type: 'waiting', delay: 1234, because: 'schedule'}, 'waiting 1.2 s (schedule)', ''],
    [{type: 'waiting', delay: 5000, because: 'retryAfter'}, 'waiting 5.0 s (retryAfter)', 'throttled'],
    [{type: 'retrying', delay: 500, text: 'no answer'}, 'retrying in 0.5 s: no answer', 'trouble'],
    [{type: 'abandoned', text: 'too late'}, 'abandoned: too late', 'trouble'],
    [{type: 'running'}, 'running', 'strong'],
    [{type: 'progress', text: '40 %'}, 'progress 40 %', 'strong'],
  ] as const)('%j is shown as "%s"', (given, text, kind) => {
    const line = watchLineOf({at: 1000, attempt: 2, status: 'running', ...given}, 0);
    expect(line).toEqual({time: '1.0 s', text, kind});
  });

  test('a command to paste watches the operation, whatever is in its location', () => {
    expect(commandFor({location: "http://h/a('b')?c&d", bearer: true})).toBe(
      "npx operation-poller watch 'http://h/a('\\''b'\\'')?c&d' --token-env GRAPH_TOKEN",
    );
    expect(commandFor({location: 'http://h/a', bearer: false})).toBe("npx operation-poller watch 'http://h/a'");
  });

  test.each([
    [3, 3, 3, ''],
    [100, 100, 201, 'The latest 100 of 201'],
    [101, 101, 201, 'The latest 100 of 201'],
    [2, 100, 201, '2 of 100 match'],
  ])('with %d of %d listed operations of %d, says "%s"', (matching, listed, total, text) => {
    expect(countText(matching, listed, total)).toBe(text);
  });

  test('describes the answer to the next poll', () => {
    expect(nextText(next)).toBe('Next poll: running');
    expect(nextText({...next, http: 404})).toBe('Next poll: HTTP 404');
    expect(nextText({...next, fault: 'hang'})).toBe('Next poll: faulty answer (hang)');
  });
});

describe('the estimate', () => {
  const polled = {at: 10_000, type: 'polled', attempt: 1, status: 'running'} as const;
  const remaining = {p10: 5000, p50: 12_000, p90: 40_000};

  test.each([
    [10_000, 'About 12 s left, at most 40 s in 9 of 10 cases.', 10 / 22],
    [16_500, 'About 6 s left, at most 34 s in 9 of 10 cases.', 0.75],
    [30_000, 'About 0 s left, at most 20 s in 9 of 10 cases.', 1],
    [50_000, 'It takes longer than usual.', 1],
  ])('at %d ms: %s', (now, text, part) => {
    const entries = [
      {...polled, remaining},
      {...polled, type: 'running' as const},
    ];
    expect(estimateOf(entries, 0, now)).toEqual({text, part});
  });

  test('has a bar that never goes back, whatever later estimates say', () => {
    const estimated = (at: number, p50: number) => ({...polled, at, remaining: {p10: 0, p50, p90: 1e6}});
    const entries = [estimated(5000, 10_000), estimated(12_000, 30_000), estimated(25_000, 90_000)];
    const parts = Array.from({length: 60}, (_, second) => {
      const now = 5000 + 1000 * second;
      return estimateOf(
        entries.filter(({at}) => at <= now),
        0,
        now,
      )?.part;
    });
    expect(parts).toEqual(parts.toSorted((one = 0, other = 0) => one - other));
    expect([parts[0], parts.at(-1)]).toEqual([expect.closeTo(1 / 3), expect.closeTo(0.94, 1)]);
  });

  test('is absent where nothing has been learned', () => {
    expect(estimateOf([polled], 0, 10_000)).toBeUndefined();
  });

  test('is learned from ten watches of the page', async () => {
    const emulator = await startEmulator({script: ['succeeded']});
    const watch = (location: string): Promise<PageWatch> =>
      new Promise((resolve) => {
        let started: PageWatch | undefined;
        void watchOperation(location, 'token', () => {
          if (started?.active === false) resolve(started);
        }).then((given) => {
          started = given;
        });
      });
    await Promise.all(Array.from({length: 10}, () => watch(emulator.addOperation().location)));
    const {location} = emulator.addOperation({script: ['running', 'succeeded']});
    const {entries} = await watch(location);
    expect(entries[0]).toMatchObject({type: 'polled', remaining: {p50: expect.any(Number)}});
  });
});

describe('the timeline', () => {
  const entries = [
    entry(0, {kind: 'added', status: 'notStarted'}),
    entry(1000, {kind: 'moved', changed: true}),
    entry(2000, {answer: answer()}),
    entry(3000, {answer: answer({http: 429})}),
  ];
  const watched: WatchEntry[] = [
    {at: 2000, type: 'polled', attempt: 1, status: 'running'},
    {at: 2000, type: 'running', attempt: 1, status: 'running'},
    {at: 2000, type: 'waiting', attempt: 1, status: 'running', delay: 1000, because: 'schedule'},
    {at: 3000, type: 'retrying', attempt: 2, status: 'running', delay: 500, text: '429'},
    {at: 3000, type: 'waiting', attempt: 2, status: 'running', delay: 5000, because: 'retryAfter'},
  ];
  const input = {entries, watched, addedAt: 0, until: 10_000, width: 772};

  test('has a bar for each status and each wait', () => {
    const {bars} = layOut(input);
    expect(bars.map(({kind, label, x, width}) => [kind, label, x, width])).toEqual([
      ['notStarted', 'notStarted', 62, 70],
      ['running', 'running', 132, 630],
      ['wait', 'schedule', 202, 70],
      ['wait', 'retry', 272, 35],
      ['throttle', 'Retry-After', 272, 350],
    ]);
  });

  test('has a mark for each event', () => {
    const {marks} = layOut(input);
    expect(marks.map(({kind, x}) => [kind, x])).toEqual([
      ['change', 62],
      ['change', 132],
      ['ok', 202],
      ['throttled', 272],
      ['ok', 202],
      ['change', 202],
    ]);
  });

  test('puts no label under a mark: it stands after it, or nowhere', () => {
    const moves = [entry(0, {kind: 'added', changed: true}), entry(1000), entry(2000), entry(9000)];
    const labelAt = (entries: readonly Entry[]) =>
      layOut({...input, entries, watched: [], until: 10_000}).bars[0]?.labelX;
    // 70 pixels are a second: before the mark at 132 it has room for the 49 of its text, before one at 104 it has none.
    expect(labelAt(moves)).toBe(72);
    expect(labelAt([entry(0, {kind: 'added', changed: true}), entry(600), entry(1200), entry(9000)])).toBe(156);
    const crowded = Array.from({length: 17}, (_, index) => entry(index * 600, {changed: index === 0}));
    expect(labelAt(crowded)).toBeUndefined();
  });

  test('shows an abandoned watch, and a status that maps to no state', () => {
    const odd = [entry(0, {kind: 'added', status: 'weird'})];
    const given: WatchEntry[] = [{at: 1, type: 'abandoned', attempt: 1, status: undefined, text: 'x'}];
    const {bars, marks} = layOut({...input, entries: odd, watched: given});
    expect([bars[0]?.kind, marks.at(-1)?.kind]).toEqual(['other', 'trouble']);
  });

  test('leaves out everything older than two minutes', () => {
    const {marks, bars, ticks} = layOut({...input, until: 122_500});
    expect(marks.map(({kind}) => kind)).toEqual(['throttled']);
    expect(bars.map(({kind}) => kind)).toEqual(['running', 'wait', 'wait', 'throttle']);
    expect(ticks.map(({label}) => label).at(-1)).toBe('2:00');
  });

  test('keeps everything within its width, whatever happened', () => {
    const times = fc.integer({min: 0, max: 1_000_000});
    const anything = fc.record({
      entries: fc.array(times.map((at) => entry(at, {changed: at % 2 === 0, ...(at % 3 > 0 && {answer: answer()})}))),
      watched: fc.array(
        fc.record({
          at: times,
          type: fc.constant('waiting' as const),
          attempt: times,
          status: fc.constant(undefined),
          delay: times,
        }),
      ),
      addedAt: times,
      until: times,
      width: fc.integer({min: 0, max: 3000}),
    });
    fc.assert(
      fc.property(anything, (given) => {
        const {bars, marks, ticks, width} = layOut(given);
        const limit = Math.max(width, 75);
        for (const {x, width: length, label, labelX} of bars) {
          if (labelX !== undefined) expect(labelX > x && labelX + label.length * 7 < x + length).toBe(true);
        }
        for (const {x} of [...bars, ...marks, ...ticks]) {
          if (!(x >= 62 && x <= limit)) return false;
        }
        return bars.every((bar) => bar.width >= 2 && bar.x + bar.width <= limit + 2) && ticks.length <= 61;
      }),
    );
  });
});

describe('a watch in the page', () => {
  test('keeps the details of each event, but no token', async () => {
    const emulator = await startEmulator();
    const {location} = emulator.addOperation({
      path: '/operations/1',
      script: [
        {status: 'queued'},
        {status: 'running', fields: {percentageComplete: 40}},
        {http: 503, text: ''},
        {status: 'succeeded'},
      ],
    });
    const events: OperationEvent[] = [];
    const protocol = protocols.graph.richLongRunning;
    const retry = {retries: 1, minTimeout: 1};
    const poller = pollOperation(location, {protocol, token: 'secret', schedule: schedules.fixed(1), retry});
    poller.on('*', (event) => events.push(event));
    await poller.result();
    const entries = events.map(watchEntryOf);
    expect(entries.map(({type}) => type)).toContain('unknownStatus');
    expect(entries.find(({type}) => type === 'unknownStatus')).toMatchObject({text: 'queued'});
    expect(entries.find(({type}) => type === 'progress')).toMatchObject({text: '40 %'});
    expect(entries.find(({type}) => type === 'waiting')).toMatchObject({delay: 1, because: 'schedule'});
    expect(entries.find(({type}) => type === 'retrying')?.text).toMatch(/^GET the location answered 503/);
    expect(entries.at(-1)).toMatchObject({type: 'succeeded', status: 'succeeded'});
    expect(JSON.stringify(entries)).not.toContain('secret');
  });

  test('shows the new location of a relocated operation', () => {
    const event: OperationEvent = {
      type: 'relocated',
      followed: true,
      from: 'http://127.0.0.1/a',
      to: 'http://127.0.0.1/b',
      operation: undefined,
      location: 'http://127.0.0.1/a',
      attempt: 1,
      at: 5,
    };
    expect(watchEntryOf(event)).toEqual({
      at: 5,
      type: 'relocated',
      attempt: 1,
      status: undefined,
      text: event.to,
    });
    expect(watchEntryOf({...event, followed: false}).text).toBe('http://127.0.0.1/b, not followed');
  });

  test('continues until the operation ends', async () => {
    const emulator = await startEmulator({script: ['succeeded']});
    const {location} = emulator.addOperation();
    let ended: () => void = () => {};
    const over = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const watch = await watchOperation(location, 'token', () => {
      if (watch !== undefined && !watch.active) ended();
    });
    expect(watch.active).toBe(true);
    await over;
    expect(watch.entries.map(({type}) => type)).toEqual(['polled', 'succeeded']);
  });

  test('ends when it is stopped', async () => {
    const emulator = await startEmulator({script: ['running']});
    const {location} = emulator.addOperation();
    const over = new Promise<void>((resolve) => {
      const changed = (): void => {
        if (watch?.active === false) resolve();
      };
      let watch: PageWatch | undefined;
      void watchOperation(location, 'token', changed).then((started) => {
        watch = started;
        started.stop();
      });
    });
    await over;
    await emulator.idle();
    expect(emulator.requests.filter(({aborted}) => !aborted)).toEqual([]);
  });
});
