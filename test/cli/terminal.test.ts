import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {colorsFor, jsonLine, jsonText} from '../../src/cli/terminal.ts';
import {escapeControls} from '../../src/shared/printable.ts';
import {fakeShell} from './shells.ts';

describe('foreign text', () => {
  test('does not control the terminal', () => {
    expect(escapeControls('a\u001b[2Jb\u0007\r\n\u009b\u202ec')).toBe(
      'a\\u001b[2Jb\\u0007\\u000d\\u000a\\u009b\\u202ec',
    );
    expect(escapeControls('Grüße, 日本')).toBe('Grüße, 日本');
  });

  test('is the same value as JSON, whatever it contains', () => {
    fc.assert(
      fc.property(fc.json(), fc.string({unit: 'binary'}), (json, text) => {
        const value: unknown = [JSON.parse(json), text, {[text]: 1}];
        for (const written of [jsonLine(value), jsonText(value)]) {
          expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(value)));
          expect(written.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u2028\u2029\u202e]/u);
        }
        expect(jsonLine(value)).not.toContain('\n');
      }),
    );
  });
});

describe('colors', () => {
  test.each([
    ['on a terminal that has them', {terminal: true, colors: true}, true, true],
    ['not with --no-color', {terminal: true, colors: true}, false, false],
    ['not with NO_COLOR', {terminal: true, colors: true, env: {NO_COLOR: '1'}}, true, false],
    ['not on a terminal without', {terminal: true}, true, false],
    ['not in a pipe', {colors: true}, true, false],
  ])('%s', (_, given, wanted, colored) => {
    const shell = fakeShell(given);
    const colorize = colorsFor(shell.stderr, wanted, shell.env);
    expect(colorize('bad', 'x')).toBe(colored ? '\u001b[31mx\u001b[39m' : 'x');
    expect(colorize('plain', 'x')).toBe('x');
  });
});
