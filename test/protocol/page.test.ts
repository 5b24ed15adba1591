import {readFileSync} from 'node:fs';
import {describe, expect, test} from '@jest/globals';
import {jobs} from '../../src/protocol/microsoft-graph/jobs.ts';
import type {Protocol} from '../../src/protocol/protocol.ts';
import {protocolReader} from '../../src/protocol/protocol-reader.ts';
import * as protocols from '../../src/protocol/protocols.ts';

const presetsPage = readFileSync(new URL('../../docs/protocols.md', import.meta.url), 'utf8');
const fieldsPage = readFileSync(new URL('../../docs/protocol-fields.md', import.meta.url), 'utf8');

/** The cells of a section's tables, without those of its subsections. */
function rowsOf(page: string, heading: string, level = '##'): readonly (readonly string[])[] {
  const [, section = ''] = page.split(`\n${level} ${heading}\n`);
  const [own = ''] = section.split(/\n##+ /);
  return own
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map((cells) => cells.slice(1, -1));
}

const {longRunning, graph, azure, google} = protocols;
/** The table of Graph's further jobs is a shorter one. */
const others = Object.entries(graph).flatMap(([name, protocol]) => (name in jobs ? [protocol] : []));
const presets = [longRunning, ...Object.values({...graph}), ...Object.values(azure), ...Object.values(google)];

describe('the pages on protocols', () => {
  test('lists all presets in order', () => {
    const names = rowsOf(presetsPage, 'The protocols that come with the library').map(([name]) => name);
    const further = rowsOf(presetsPage, 'Further jobs of Graph', '###').map(([name]) => name);
    const quoted = (protocol: Protocol): string => `\`${protocol.name}\``;
    expect(names.slice(1)).toEqual(presets.filter((protocol) => !others.includes(protocol)).map(quoted));
    expect(further.slice(1)).toEqual(others.map(quoted));
  });

  test.each(presets)('describes $name', (protocol) => {
    const rows = [
      ...rowsOf(presetsPage, 'The protocols that come with the library'),
      ...rowsOf(presetsPage, 'Further jobs of Graph', '###'),
    ];
    const [, words = '', , , , interval = '–', token = 'yes'] =
      rows.find(([name]) => name === `\`${protocol.name}\``) ?? [];
    const {minimumInterval, maximumInterval, sendsToken} = protocolReader(protocol);
    const seconds = minimumInterval === 0 ? '–' : `${minimumInterval / 1000} s`;
    expect(interval).toBe(
      maximumInterval === Infinity ? seconds : `${seconds}; ${maximumInterval / 60_000} min at most`,
    );
    expect(token).toBe(sendsToken ? 'yes' : 'no');
    const own = Object.keys(protocol.words).filter(
      (word) => !(words.includes('as `longRunning`') && word in longRunning.words),
    );
    const listed = words.includes('the same') ? [] : own;
    expect(listed.filter((word) => !words.includes(word))).toEqual([]);
  });

  test('lists every field', () => {
    let message = '';
    try {
      protocols.define({nothingLikeIt: 0} as unknown as Protocol);
    } catch (error) {
      message = String(error);
    }
    const fields = message.replace(/^.*there are /, '').split(', ');
    const listed = rowsOf(fieldsPage, 'Fields').map(([name = '']) => name.replaceAll('`', ''));
    expect(listed.filter((name) => fields.includes(name)).sort()).toEqual(fields.sort());
  });
});
