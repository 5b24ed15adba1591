import {afterEach, beforeEach, describe, expect, jest, test} from '@jest/globals';
import {LiveLine} from '../../src/cli/live-line.ts';
import type {LineSegment} from '../../src/cli/progress.ts';
import {fakeShell, shown} from './shells.ts';

describe('the live line', () => {
  test('is cut to the width of the terminal', () => {
    const segments: LineSegment[] = [
      ['active', 'running'],
      ['plain', '12s'],
      ['faint', 'polling'],
    ];
    const drawn = [0, 3, 7, 9, 10, 100].map((width) => {
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
    expect(drawn).toEqual(['', 'run', 'running', 'running  ', 'running  1', 'running  12s  polling']);
  });

  test.each([0, Number.NaN])('has 80 columns where the terminal says %d', (columns) => {
    const {stderr, written} = fakeShell({terminal: true, columns});
    const line = new LiveLine(
      stderr,
      (_, text) => text,
      () => [['plain', 'x'.repeat(100)]],
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
        () => [['plain', `${second}s and more`]],
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
