import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from '@jest/globals';
import {readTokenOptions, type Token, type TokenOptions} from '../../src/cli/access-token.ts';
import type {Complaint} from '../../src/cli/cli-error.ts';
import {quoted} from '../../src/cli/quote.ts';
import {fakeShell} from './shells.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'operation-poller-token-'));
});

afterEach(() => rm(folder, {recursive: true, force: true}));

const {signal} = new AbortController();
const first = {forceRefresh: false, signal};
const again = {forceRefresh: true, signal};

function tokenOf(options: TokenOptions, env: Record<string, string | undefined> = {...process.env}): Token {
  const token = readTokenOptions(options, fakeShell({env}));
  if (token === undefined) throw new Error('The options name no source');
  return token;
}

/** The complaint that asking for a token ends with. */
async function trouble(
  options: TokenOptions,
  env?: Record<string, string | undefined>,
): Promise<Complaint | undefined> {
  const token = tokenOf(options, env);
  const thrown: unknown = await token.give(first).catch((error: unknown) => error);
  expect(thrown).toBe(token.trouble());
  return token.trouble();
}

test('no option, no token', () => {
  expect(readTokenOptions({}, fakeShell())).toBeUndefined();
});

describe('a variable', () => {
  test('is read anew each time, without the white space around it', async () => {
    const env: Record<string, string> = {T: ' one\n'};
    const token = tokenOf({tokenEnv: 'T'}, env);
    expect(await token.give(first)).toBe('one');
    env['T'] = 'two';
    expect(await token.give(first)).toBe('two');
  });

  test.each([
    [undefined, 'the variable T is not set'],
    [' ', 'the variable T is empty'],
    [
      'Bearer a-secret',
      'the variable T is no access token: it holds a space, a line break or something that is not ASCII',
    ],
  ])('%j is none', async (value, message) => {
    expect(await trouble({tokenEnv: 'T'}, {T: value})).toMatchObject({message, exitCode: 2});
  });
});

describe('a file', () => {
  test('may be rotated', async () => {
    const path = join(folder, 'token');
    const token = tokenOf({tokenFile: path});
    await writeFile(path, 'one\n');
    expect(await token.give(first)).toBe('one');
    await writeFile(path, 'two\n');
    expect(await token.give(first)).toBe('two');
    await rm(path);
    await expect(token.give(first)).rejects.toThrow('ENOENT');
    expect(token.trouble()).toBeDefined();
    await writeFile(path, 'three');
    expect(await token.give(first)).toBe('three');
    expect(token.trouble()).toBeUndefined();
  });

  test('that is missing, a folder, empty or something else is none', async () => {
    const path = join(folder, 'token');
    expect(await trouble({tokenFile: path})).toMatchObject({
      message: `the token file ${path} cannot be read (ENOENT)`,
      exitCode: 2,
    });
    expect(await trouble({tokenFile: folder})).toMatchObject({
      message: `the token file ${folder} cannot be read (EISDIR)`,
    });
    await writeFile(path, '\n');
    expect(await trouble({tokenFile: path})).toMatchObject({message: `the token file ${path} is empty`, exitCode: 2});
    await writeFile(path, 'a secret of two lines\nand more');
    expect((await trouble({tokenFile: path}))?.message).not.toContain('secret');
  });
});

describe('a command', () => {
  test('is run once, and again when its token was refused', async () => {
    const path = quoted(join(folder, 'count'));
    const token = tokenOf({tokenCommand: `echo x >> ${path}; wc -l < ${path}`});
    expect(await token.give(first)).toBe('1');
    expect(await token.give(first)).toBe('1');
    expect(await token.give(again)).toBe('2');
    expect(await token.give(first)).toBe('2');
  });

  test.each([
    ['exit 3', 'the token command failed (3)'],
    ['echo a-secret; echo first >&2; echo "please log in" >&2; exit 1', 'the token command failed (1): please log in'],
    [`echo ${'x'.repeat(2000)} >&2; exit 1`, `the token command failed (1): ${'x'.repeat(1000)}`],
    ['no-such-command-at-all 2>/dev/null', 'the token command failed (127)'],
    ['true', 'what the token command printed is empty'],
    [
      'echo "two words"',
      'what the token command printed is no access token: it holds a space, a line break or something that is not ASCII',
    ],
    ['head -c 2000000 /dev/zero', 'the token command failed (ERR_CHILD_PROCESS_STDIO_MAXBUFFER)'],
    ['read answer || exit 9', 'the token command failed (9)'],
  ])('%s', async (tokenCommand, message) => {
    expect(await trouble({tokenCommand})).toMatchObject({message, exitCode: 5});
  });

  test('finds the claims of a challenge in its environment, where no shell reads them, and no older ones', async () => {
    const challenge = `{"access_token":{"x":{"value":"$(touch '${join(folder, 'run')}')\`exit 1\`"}}}`;
    const path = join(folder, 'claims');
    const command = `printf %s "\${OPERATION_POLLER_CLAIMS-none}" > ${quoted(path)}; echo a-token`;
    const token = tokenOf({tokenCommand: command}, {...process.env, OPERATION_POLLER_CLAIMS: 'of somebody else'});
    await token.give(first);
    expect(await readFile(path, 'utf8')).toBe('none');
    await token.give({...again, claims: challenge});
    expect(await readFile(path, 'utf8')).toBe(challenge);
    await token.give(again);
    expect(await readFile(path, 'utf8')).toBe('none');
    expect(await readdir(folder)).toEqual(['claims']);
  });

  test('is ended with the request that it was for', async () => {
    const controller = new AbortController();
    const token = tokenOf({tokenCommand: 'exec sleep 60'});
    const asked = token.give({forceRefresh: false, signal: controller.signal});
    controller.abort(new Error('nobody waits'));
    await expect(asked).rejects.toThrow('nobody waits');
    expect(token.trouble()).toBeUndefined();
  });
});
