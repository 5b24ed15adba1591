import {readFileSync} from 'node:fs';
import {describe, expect, test} from '@jest/globals';
import {type Protocol, protocolReader} from '../../src/protocol/protocol.ts';
import * as protocols from '../../src/protocol/protocols.ts';

const page = readFileSync(new URL('../../docs/protocols.md', import.meta.url), 'utf8');

/** The cells of a section's tables, those of its subsections left out. */
function rowsOf(heading: string): readonly (readonly string[])[] {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const [own = ''] = section.split(/\n##+ /);
  return own
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map((cells) => cells.slice(1, -1));
}

const {longRunning, graph, azure, google} = protocols;
const presets = [longRunning, ...Object.values({...graph}), ...Object.values(azure), ...Object.values(google)];

describe('docs/protocols.md', () => {
  test('has all presets, in their order', () => {
    const names = rowsOf('The protocols that come with the library').map(([name]) => name);
    expect(names.slice(1)).toEqual(presets.map(({name}) => `\`${name}\``));
  });

  test.each(presets)('tells of $name what it is', (protocol) => {
    const row =
      rowsOf('The protocols that come with the library').find(([name]) => name === `\`${protocol.name}\``) ?? [];
    const [, words = '', , , , interval = '', token] = row;
    const {minimumInterval, maximumInterval, sendsToken} = protocolReader(protocol);
    const seconds = minimumInterval === 0 ? '–' : `${minimumInterval / 1000} s`;
    expect(interval).toBe(
      maximumInterval === Infinity ? seconds : `${seconds}; ${maximumInterval / 60_000} min at most`,
    );
    expect(token).toBe(sendsToken ? 'yes' : 'no');
    const own = Object.keys(protocol.words).filter(
      (word) => !(words.includes('as `longRunning`') && word in longRunning.words),
    );
    const told = words.includes('the same') ? [] : own;
    expect(told.filter((word) => !words.includes(word))).toEqual([]);
  });

  test('leaves no field out', () => {
    let complaint = '';
    try {
      protocols.define({none: 0} as unknown as Protocol);
    } catch (error) {
      complaint = String(error);
    }
    const fields = complaint
      .replace(/^.*there are /, '')
      .replace(/, got .*$/, '')
      .split(', ');
    const told = rowsOf('Fields').map(([name = '']) => name.replaceAll('`', ''));
    expect(told.filter((name) => fields.includes(name)).sort()).toEqual(fields.sort());
  });
});
