import {once} from 'node:events';
import {createServer, type Server} from 'node:http';
import type {AddressInfo} from 'node:net';
import {afterEach, beforeEach, describe, expect, test} from '@jest/globals';
import {BenchService, benchLocation} from './bench/answer.ts';
import {contenders, sameParts} from './bench/contenders/index.ts';
import {benchListener} from './bench/server.ts';
import {medians, percentile, ratioOf, spreadOf} from './bench/statistics.ts';
import {compared, exceeded, figure, table, targetTable} from './bench/table.ts';
import {inTurns} from './bench/turns.ts';

describe('the contenders of the benchmarks', () => {
  let service: BenchService;
  let server: Server;
  let root: string;

  beforeEach(async () => {
    service = new BenchService();
    server = createServer(benchListener(service)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });

  test.each([...contenders, sameParts])('$name polls until the success, and no more often', async ({load}) => {
    const {contender} = await load();
    const watch = contender.prepare(root, 5);
    await Promise.all([1, 2, 3].map((id) => watch(benchLocation(root, id, 4))));
    expect(service.polls).toBe(12);
  });
});

describe('the figures of the benchmarks', () => {
  test('a median and a percentile are values that were measured', () => {
    expect(medians([{cpu: 3}, {cpu: 1}, {cpu: 2}])).toEqual({cpu: 2});
    const hundred = Array.from({length: 100}, (_, index) => index);
    expect([percentile(hundred, 50), percentile(hundred, 99), percentile(hundred, 100)]).toEqual([50, 99, 99]);
  });

  test('a figure is shown with its ratio to the best peer, and as not run without a measurement', () => {
    expect([compared(230, 200), compared(3, 0), figure(Number.NaN)]).toEqual(['230 (1.15)', '3.00', 'not run']);
  });

  test('a ratio is that of turns next to each other, with its quartiles', () => {
    expect(ratioOf([2, 30, 4, 50, 6], [1, 10, 1, 10, 1])).toEqual({low: 3, median: 4, high: 5});
    expect(ratioOf([2, 4], [1]).median).toBeNaN();
  });

  test('contenders take turns, each turn in the reverse order of the one before', async () => {
    const order: string[] = [];
    const figures = await inTurns(2, ['a', 'b', 'c'], async (name) => order.push(name));
    expect(order.join('')).toBe('abccba');
    expect(figures).toEqual([
      [1, 6],
      [2, 5],
      [3, 4],
    ]);
  });

  test('a target that is missed is shown, also when nothing was measured', () => {
    const target = {name: 'cost', unit: '×', atMost: 1.15};
    const lines = targetTable([
      {...target, measured: spreadOf([1.15])},
      {...target, measured: spreadOf([1.1, 1.2, 1.3])},
      {...target, measured: spreadOf([1.2]), reached: 1.3},
      {...target, measured: spreadOf([])},
    ]).split('\n');
    const cells = lines.slice(2).map((line) => line.split('|').slice(2, -1));
    expect(cells.map((row) => row.map((cell) => cell.trim()))).toEqual([
      ['1.15 ×', '', 'at most 1.15 ×', 'met'],
      ['1.20 ×', '1.10 to 1.30', 'at most 1.15 ×', 'missed'],
      ['1.20 ×', '', 'at most 1.15 ×', 'missed, held to 1.30'],
      ['not run', '', 'at most 1.15 ×', 'missed'],
    ]);
  });

  test('a figure fails the check where even its spread is behind the target, or behind what has been reached', () => {
    const target = {unit: '×', atMost: 1.15};
    const names = exceeded([
      {...target, name: 'met', measured: spreadOf([1.1])},
      {...target, name: 'within its spread', measured: spreadOf([1.1, 1.2, 1.3])},
      {...target, name: 'missed', measured: spreadOf([1.2, 1.3, 1.4])},
      {...target, name: 'reached', measured: spreadOf([1.2, 1.3, 1.4]), reached: 1.25},
      {...target, name: 'worse than reached', measured: spreadOf([1.3]), reached: 1.25},
      {...target, name: 'not measured', measured: spreadOf([])},
    ]).map(({name}) => name);
    expect(names).toEqual(['missed', 'worse than reached', 'not measured']);
  });

  test('the columns of a table are aligned', () => {
    const lines = table(['', 'µs'], [['ours', '1']]).split('\n');
    expect(lines).toEqual(['|      | µs  |', '| ---- | --- |', '| ours | 1   |']);
  });
});
