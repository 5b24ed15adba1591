import {execFile} from 'node:child_process';
import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, test} from '@jest/globals';
import {type AccessToken, type AccessTokenOptions, accessTokenFrom} from '../../src/cli/access-token.ts';
import type {CliError} from '../../src/cli/cli-error.ts';
import {quote} from '../../src/cli/command-line.ts';
import {fakeShell} from './shells.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'operation-poller-token-'));
});

afterEach(() => rm(folder, {recursive: true, force: true}));

const {signal} = new AbortController();
const first = {forceRefresh: false, signal};
const again = {forceRefresh: true, signal};

function tokenOf(options: AccessTokenOptions, env: Record<string, string | undefined> = {...process.env}): AccessToken {
  const token = accessTokenFrom(options, fakeShell({env}));
  if (token === undefined) throw new Error('The options name no source');
  return token;
}

/** The error of reading the token. */
async function readError(
  options: AccessTokenOptions,
  env?: Record<string, string | undefined>,
): Promise<CliError | undefined> {
  const token = tokenOf(options, env);
  const thrown: unknown = await token.read(first).catch((error: unknown) => error);
  expect(thrown).toBe(token.lastError());
  return token.lastError();
}

test('no option, no token', () => {
  expect(accessTokenFrom({}, fakeShell())).toBeUndefined();
});

describe('a variable', () => {
  test('is read again each time, without surrounding white space', async () => {
    const env: Record<string, string> = {T: ' one\n'};
    const token = tokenOf({tokenEnv: 'T'}, env);
    expect(await token.read(first)).toBe('one');
    env['T'] = 'two';
    expect(await token.read(first)).toBe('two');
  });

  test.each([
    [undefined, 'the variable T is not set'],
    [' ', 'the variable T is empty'],
    ['Bearer a-secret', 'the variable T has the word Bearer before the access token'],
    ['a secret', 'the variable T is not an access token: it contains a space, a line break or a non-ASCII character'],
  ])('%j is rejected', async (value, message) => {
    expect(await readError({tokenEnv: 'T'}, {T: value})).toMatchObject({message, exitCode: 2});
  });
});

describe('a file', () => {
  test('may be rotated', async () => {
    const path = join(folder, 'token');
    const token = tokenOf({tokenFile: path});
    await writeFile(path, 'one\n');
    expect(await token.read(first)).toBe('one');
    await writeFile(path, 'two\n');
    expect(await token.read(first)).toBe('two');
    await rm(path);
    await expect(token.read(first)).rejects.toThrow('ENOENT');
    expect(token.lastError()).toBeDefined();
    await writeFile(path, 'three');
    expect(await token.read(first)).toBe('three');
    expect(token.lastError()).toBeUndefined();
  });

  test('is rejected if it is missing, a folder, empty or something else', async () => {
    const path = join(folder, 'token');
    expect(await readError({tokenFile: path})).toMatchObject({
      message: `the token file ${path} cannot be read (ENOENT)`,
      exitCode: 2,
    });
    expect(await readError({tokenFile: folder})).toMatchObject({
      message: `the token file ${folder} cannot be read (EISDIR)`,
    });
    await writeFile(path, '\n');
    expect(await readError({tokenFile: path})).toMatchObject({message: `the token file ${path} is empty`, exitCode: 2});
    await writeFile(path, 'a secret of two lines\nand more');
    expect((await readError({tokenFile: path}))?.message).not.toContain('secret');
  });
});

describe('a pipe', () => {
  const makePipe = async (): Promise<string> => {
    const path = join(folder, 'pipe');
    await promisify(execFile)('mkfifo', [path]);
    return path;
  };

  test('is read once, even if the writer comes later', async () => {
    const path = await makePipe();
    const token = tokenOf({tokenFile: path});
    const reading = token.read(first);
    await writeFile(path, 'piped\n');
    expect(await reading).toBe('piped');
    // A second read would wait for a writer forever.
    expect(await token.read(again)).toBe('piped');
  });

  test('without a writer holds nothing up', async () => {
    const controller = new AbortController();
    const token = tokenOf({tokenFile: await makePipe()});
    const reading = token.read({forceRefresh: false, signal: controller.signal});
    setImmediate(() => controller.abort(new Error('no longer needed')));
    await expect(reading).rejects.toThrow('no longer needed');
  });

  test('without a token is rejected', async () => {
    const path = await makePipe();
    const [error] = await Promise.all([readError({tokenFile: path}), writeFile(path, '')]);
    expect(error).toMatchObject({message: `the token file ${path} is empty`, exitCode: 2});
  });
});

describe('a command', () => {
  test('is run once, and again when its token is refused', async () => {
    const path = quote(join(folder, 'count'));
    const token = tokenOf({tokenCommand: `echo x >> ${path}; wc -l < ${path}`});
    expect(await token.read(first)).toBe('1');
    expect(await token.read(first)).toBe('1');
    expect(await token.read(again)).toBe('2');
    expect(await token.read(first)).toBe('2');
  });

  test.each([
    ['exit 3', 'the token command failed (3)'],
    ['echo a-secret; echo first >&2; echo "please log in" >&2; exit 1', 'the token command failed (1): please log in'],
    [`echo ${'x'.repeat(2000)} >&2; exit 1`, `the token command failed (1): ${'x'.repeat(1000)}`],
    ['no-such-command-at-all 2>/dev/null', 'the token command failed (127)'],
    ['true', 'the output of the token command is empty'],
    [
      'echo "two words"',
      'the output of the token command is not an access token: it contains a space, a line break or a non-ASCII character',
    ],
    ['head -c 2000000 /dev/zero', 'the token command failed (ERR_CHILD_PROCESS_STDIO_MAXBUFFER)'],
    ['read answer || exit 9', 'the token command failed (9)'],
  ])('%s', async (tokenCommand, message) => {
    expect(await readError({tokenCommand})).toMatchObject({message, exitCode: 5});
  });

  test('finds the claims of a challenge in its environment, where no shell evaluates them, and no older ones', async () => {
    const challenge = `{"access_token":{"x":{"value":"$(touch '${join(folder, 'run')}')\`exit 1\`"}}}`;
    const path = join(folder, 'claims');
    const command = `printf %s "\${OPERATION_POLLER_CLAIMS-none}" > ${quote(path)}; echo a-token`;
    const token = tokenOf({tokenCommand: command}, {...process.env, OPERATION_POLLER_CLAIMS: 'from somewhere else'});
    await token.read(first);
    expect(await readFile(path, 'utf8')).toBe('none');
    await token.read({...again, claims: challenge});
    expect(await readFile(path, 'utf8')).toBe(challenge);
    await token.read(again);
    expect(await readFile(path, 'utf8')).toBe('none');
    expect(await readdir(folder)).toEqual(['claims']);
  });

  test('ends with the request it was run for', async () => {
    const controller = new AbortController();
    const token = tokenOf({tokenCommand: 'exec sleep 60'});
    const reading = token.read({forceRefresh: false, signal: controller.signal});
    controller.abort(new Error('no longer needed'));
    await expect(reading).rejects.toThrow('no longer needed');
    expect(token.lastError()).toBeUndefined();
  });
});
