import {describe, expect, test} from '@jest/globals';
import {assignment, invocationName, quote, watchAgain} from '../../src/cli/command-line.ts';

describe('a text to paste', () => {
  test.each([
    ['copy.resume', 'copy.resume'],
    ['', "''"],
    ['a b', "'a b'"],
    ["it's; rm -rf", "'it'\\''s; rm -rf'"],
    ['https://h/x?a=1&b=2', "'https://h/x?a=1&b=2'"],
  ])('is quoted for a shell: %s', (text, word) => {
    expect(quote(text, 'linux')).toBe(word);
  });

  test.each([
    ['copy.resume', 'copy.resume'],
    ['', "''"],
    ['C:\\a b\\copy.resume', '"C:\\a b\\copy.resume"'],
    ["https://h/teams('a')?b=1&c=2", '"https://h/teams(\'a\')?b=1&c=2"'],
    ["https://h/'$(calc)&x", "'https://h/''$(calc)&x'"],
    ['a`b\u2019', "'a`b\u2019\u2019'"],
    ['a"b', "'a\"b'"],
    ['a b\\', "'a b\\'"],
  ])('is quoted for PowerShell: %s', (text, word) => {
    expect(quote(text, 'win32')).toBe(word);
  });

  test('is assigned to a variable', () => {
    expect(assignment('T', 'x', 'linux')).toBe('export T=x');
    expect(assignment('T', "it's", 'linux')).toBe("export T='it'\\''s'");
    expect(assignment('T', 'x', 'win32')).toBe("$env:T = 'x'");
    expect(assignment('T', "it's", 'win32')).toBe("$env:T = 'it''s'");
  });
});

test('a command to paste is invoked as this one was', () => {
  expect(invocationName({env: {npm_command: 'exec'}})).toBe('npx operation-poller');
  expect(invocationName({env: {}})).toBe('operation-poller');
});

describe('how to watch again', () => {
  test('is a command with the options of this run, without those of a reset', () => {
    expect(watchAgain({env: {}}, 'Resume', undefined, [['--token-file', 'a b'], ['--show'], ['--json']])).toBe(
      "Resume with: operation-poller watch --token-file 'a b' --json",
    );
  });

  test.each(['/dev/fd/63', '/proc/self/fd/11'])(
    'takes the token from a variable where the pipe is gone: %s',
    (pipe) => {
      expect(watchAgain({env: {}}, 'Keep watching', 'https://x/', [['--token-file', pipe], ['--quiet']])).toBe(
        'Put an access token into the variable ACCESS_TOKEN. ' +
          'Keep watching with: operation-poller watch https://x/ --token-env ACCESS_TOKEN --quiet',
      );
    },
  );

  test('takes the protocol from a file where the pipe is gone, and says how to begin', () => {
    const given: ReadonlyArray<readonly [string, string]> = [
      ['--protocol-file', '/dev/fd/63'],
      ['--token-file', '/dev/fd/62'],
    ];
    expect(watchAgain({env: {}}, 'Resume', 'https://x/', given)).toBe(
      'Write the protocol to the file protocol.json. Put an access token into the variable ACCESS_TOKEN. ' +
        'Resume with: operation-poller watch https://x/ --protocol-file protocol.json --token-env ACCESS_TOKEN',
    );
  });
});
