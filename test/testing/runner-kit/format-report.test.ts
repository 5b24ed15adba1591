import {expect, test} from '@jest/globals';
import {formatReport, kitTurnOptions, type RunnerReport} from 'operation-poller/testing';

const good: RunnerReport = {
  runner: 'mine',
  ok: true,
  checks: [
    {name: 'Nothing is lost', result: 'ok', seen: []},
    {name: 'A hint makes no early poll', result: 'skipped', seen: []},
  ],
  cannot: new Map([['wake', 'there is no such verb']]),
  disturbed: new Map(),
};

const bad: RunnerReport = {
  runner: 'yours',
  ok: false,
  checks: [
    {name: 'Nothing is lost', result: 'broken', seen: ['killed: a: no call', 'killed: b: no call']},
    {name: 'A hint makes no early poll', result: 'ok', seen: []},
  ],
  cannot: new Map(),
  disturbed: new Map([['killed during a poll', 'a process stalled for 9500 ms']]),
};

test('what is no list of reports is refused, and the argument named', () => {
  expect(() => Reflect.apply(formatReport, undefined, [undefined])).toThrow(
    new TypeError('reports: expected a list of what checkRunner returns, got undefined'),
  );
  expect(() => Reflect.apply(formatReport, undefined, [good])).toThrow(/^reports: expected a list of what checkRunner/);
});

test('the options of a turn are made of an instance, and of nothing else', () => {
  expect(() => Reflect.apply(kitTurnOptions, undefined, [])).toThrow(
    new TypeError('instance: expected an object, got undefined'),
  );
});

test('a report is a table in Markdown', () => {
  expect(formatReport([{...good, cannot: new Map()}])).toBe(
    `| Rule                       | mine |
| -------------------------- | ---- |
| Nothing is lost            | ✓    |
| A hint makes no early poll | –    |
`,
  );
});

test('several are one table, with what was seen and what could not be checked', () => {
  expect(formatReport([good, bad])).toBe(
    `| Rule                       | mine | yours |
| -------------------------- | ---- | ----- |
| Nothing is lost            | ✓    | ✗     |
| A hint makes no early poll | –    | ✓     |

- yours: Nothing is lost. Seen: killed: a: no call
- yours: Nothing is lost. Seen: killed: b: no call

- mine cannot take hints: there is no such verb.

- yours was not judged by 'killed during a poll', the machine was too busy: a process stalled for 9500 ms.
`,
  );
});
