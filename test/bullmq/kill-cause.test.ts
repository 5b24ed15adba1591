import {expect, test} from '@jest/globals';
import {type Cause, causeOf} from '../bench/queue-kill/cause.ts';
import type {JobEvent} from '../bench/queue-kill/queue-events.ts';
import type {EarlyPoll} from '../bench/queue-kill/service.ts';
import type {Trouble} from '../bench/queue-kill/trouble.ts';

/** Worker a asked at 10 s, was answered at once, and was to ask again at 60 s; b asks at 20 s. */
const early: EarlyPoll = {
  key: '1',
  number: 2,
  before: {token: 'a', askedAt: 10_000, answeredAt: 10_100, dueAt: 60_000},
  poll: {token: 'b', askedAt: 20_000, answeredAt: 20_100, dueAt: 70_000},
};
const event = (name: string, at: number): JobEvent => ({name, at});
const taken = [event('delayed', 0), event('active', 9000)];
const stored = [...taken, event('delayed', 10_200), event('active', 19_000)];
const recovered = [...taken, event('stalled', 18_000), event('active', 19_000)];
const trouble = (kind: Trouble['kind'], from: number, to: number, token?: string): Trouble =>
  token === undefined ? {kind, from, to} : {kind, from, to, token};

test.each<[string, Cause, readonly JobEvent[], readonly Trouble[]]>([
  ['whose worker was killed with the answer', 'killed', recovered, [trouble('killed', 10_050, 10_060, 'a')]],
  [
    'whose worker was killed while the answer was under way',
    'killed',
    recovered,
    [trouble('killed', 12_000, 12_010, 'a')],
  ],
  ['whose worker was stopped', 'stopped', recovered, [trouble('stopped', 9500, 19_500, 'a')]],
  ['that a stopped worker makes when it goes on', 'stopped', recovered, [trouble('stopped', 5000, 19_900, 'b')]],
  [
    'after one that a stopped worker made when another one had put the job back',
    'stopped',
    [...taken, event('stalled', 9400), event('active', 9500), event('delayed', 9900), event('active', 19_000)],
    [trouble('redis', 9000, 9050), trouble('stopped', 9100, 9990, 'a'), trouble('killed', 19_500, 19_510, 'a')],
  ],
  ['whose answer was being stored when Redis was killed', 'redis', recovered, [trouble('redis', 10_150, 10_900)]],
  ['whose answer may have been forgotten by Redis', 'redis', stored, [trouble('redis', 12_100, 12_900)]],
  ['whose worker got the job before Redis forgot it', 'forgotten', taken, [trouble('redis', 9500, 9700)]],
  ['whose worker was presumed dead', 'presumedDead', recovered, []],
  [
    'whose worker was killed after the answer was stored',
    'unexplained',
    stored,
    [trouble('killed', 10_300, 10_310, 'a')],
  ],
  ['while another worker was killed', 'unexplained', stored, [trouble('killed', 10_050, 10_060, 'c')]],
  ['long after Redis was killed', 'unexplained', stored, [trouble('redis', 5000, 6000)]],
  ['without any trouble', 'unexplained', stored, []],
])('the cause of an early poll, %s', (_case, cause, events, troubles) => {
  expect(causeOf(early, troubles, events)).toBe(cause);
});
