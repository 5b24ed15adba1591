import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import {type LineSegment, LiveLine} from '../../src/cli/live-line.ts';

import {fakeShell, shown} from './shells.ts';

describe('the live line', () => {
  test('leaves out what matters least until it fits the terminal, and cuts what is left', () => {
    const segments: LineSegment[] = [
      {style: 'active', text: 'running', rank: 0},
      {style: 'plain', text: '12s', rank: 2},
      {style: 'faint', text: 'polling', rank: 3},
      {style: 'warning', text: 'throttled', rank: 1},
    ];
    const drawn = [0, 3, 7, 17, 18, 22, 23, 31, 32].map((width) => {
      const {stderr, written} = fakeShell({terminal: true, columns: width + 1});
      const line = new LiveLine(
        stderr,
        (_, text) => text,
        () => segments,
      );
      line.draw();
      const text = shown(written().stderr);
      line.end();
      return text;
    });
    expect(drawn).toEqual([
      '',
      'run',
      'running',
      'running',
      'running  throttled',
      'running  throttled',
      'running  12s  throttled',
      'running  12s  throttled',
      'running  12s  polling  throttled',
    ]);
  });

  test.each([0, Number.NaN])('has 80 columns where the terminal says %d', (columns) => {
    const {stderr, written} = fakeShell({terminal: true, columns});
    const line = new LiveLine(
      stderr,
      (_, text) => text,
      () => [{style: 'plain', text: 'x'.repeat(100), rank: 0}],
    );
    line.draw();
    expect(shown(written().stderr)).toBe('x'.repeat(79));
    line.end();
  });

  describe('on a terminal', () => {
    beforeEach(() => void jest.useFakeTimers());
    afterEach(() => void jest.useRealTimers());

    test('is redrawn in place when it changes, and leaves nothing behind', () => {
      const {stderr, written} = fakeShell({terminal: true, columns: 8});
      let second = 0;
      const line = new LiveLine(
        stderr,
        (_, text) => text,
        () => [{style: 'plain', text: `${second}s and more`, rank: 0}],
      );
      line.draw();
      jest.advanceTimersByTime(1000);
      expect(written().stderr).toBe('\u001b[1G0s and \u001b[0K');
      second = 1;
      jest.advanceTimersByTime(200);
      expect(shown(written().stderr)).toBe('1s and ');
      line.end();
      expect(shown(written().stderr)).toBe('');
      expect(jest.getTimerCount()).toBe(0);
    });

    test('writes nothing if it ends before it is drawn', () => {
      const {stderr, written} = fakeShell({terminal: true});
      new LiveLine(
        stderr,
        (_, text) => text,
        () => [],
      ).end();
      expect(written().stderr).toBe('');
    });
  });
});
