import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {cpSync, mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterAll, describe, expect, test} from '@jest/globals';
import {ClassicLevel} from 'classic-level';
import {fileStore} from 'operation-poller/node';
import {createOperationTracker, type TrackerError} from 'operation-poller/tracker';
import {testStoreConformance} from '../tracker/store-conformance.ts';

const folders: string[] = [];
const root = fileURLToPath(new URL('../..', import.meta.url));

/** A folder of the test's own. */
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'operation-poller-store-'));
  folders.push(made);
  return made;
}

afterAll(() => {
  for (const each of folders) rmSync(each, {recursive: true, force: true});
});

testStoreConformance(async () => {
  const place = join(folder(), 'made', 'by the store');
  let store = fileStore(place);
  return {
    store,
    reopen: async () => {
      await store.close?.();
      store = fileStore(place);
      return store;
    },
    dispose: async () => store.close?.(),
  };
});

/** Runs a program in another process, which has the store of a folder open once it has printed that. */
async function openElsewhere(place: string): Promise<ChildProcess> {
  const program = `
    import {ClassicLevel} from 'classic-level';
    await new ClassicLevel(${JSON.stringify(place)}).open();
    console.log('open');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {cwd: root});
  await once(child.stdout, 'data');
  return child;
}

describe('a folder', () => {
  test('86: is refused to a second process, which takes over when the first was killed', async () => {
    const place = folder();
    const first = await openElsewhere(place);
    const store = fileStore(place);
    await expect(store.list()).rejects.toThrow(
      `fileStore: the folder ${place} is in use: one tracker at a time uses a store`,
    );
    await expect(store.write('a', '{}')).rejects.toThrow('is in use');
    first.kill('SIGKILL');
    await once(first, 'exit');
    await store.write('a', '{}');
    expect(await store.list()).toEqual(['a']);
    await store.close?.();
  });

  test('86: refuses the tracker of a second process, which tells why', async () => {
    const place = folder();
    const first = await openElsewhere(place);
    const errors: TrackerError[] = [];
    const onError = (error: TrackerError): void => void errors.push(error);
    await expect(createOperationTracker({store: fileStore(place), onError})).rejects.toThrow(
      /^The store could not be read: fileStore: the folder .* is in use/,
    );
    expect(errors.length).toBeGreaterThan(0);
    first.kill('SIGKILL');
    await once(first, 'exit');
    const tracker = await createOperationTracker({store: fileStore(place), onError});
    await tracker.close();
  });

  test('is opened again by a store that was closed', async () => {
    const store = fileStore(folder());
    await store.write('a', '{}');
    await store.close?.();
    expect(await store.read('a')).toBe('{}');
    await store.close?.();
    await store.close?.();
  });

  test('has what was written before close', async () => {
    const place = folder();
    const store = fileStore(place);
    const writing = store.write('a', '{}');
    await store.close?.();
    await writing;
    // What was open is copied as a kill would leave it.
    const copy = join(folder(), 'copy');
    cpSync(place, copy, {recursive: true});
    const database = new ClassicLevel(copy);
    expect(await database.get('a')).toBe('{}');
    await database.close();
  });

  // LevelDB would make a new database, and delete what the files of the old one hold.
  test('86: that a write did not fit into keeps what is written after that', async () => {
    const place = folder();
    const program = `
      import {fileStore} from 'operation-poller/node';
      const store = fileStore(${JSON.stringify(place)});
      await store.write('before', '{}');
      await store.write('large', 'x'.repeat(100_000)).catch(({code}) => console.log(code));
      await store.write('after', '{}');
      process.kill(process.pid, 'SIGKILL');`;
    // No file may be longer than 64 blocks of 512 bytes.
    const limited = ['-c', 'ulimit -f 64; exec "$0" "$@"', process.execPath, '--input-type=module', '--eval', program];
    const child = spawn('sh', limited, {cwd: root, stdio: ['ignore', 'pipe', 'inherit']});
    const [[code, signal], output] = await Promise.all([once(child, 'exit'), child.stdout.toArray()]);
    expect({code, signal, failure: output.join('')}).toEqual({
      code: null,
      signal: 'SIGKILL',
      failure: 'LEVEL_IO_ERROR\n',
    });
    const store = fileStore(place);
    expect(await store.list()).toEqual(['after', 'before']);
    await store.close?.();
  });

  test('86: that another process takes after a write did not fit is in use until that ends, and nothing is lost', async () => {
    const place = folder();
    const program = `
      import {ClassicLevel} from 'classic-level';
      import {fileStore} from 'operation-poller/node';
      import {createOperationTracker} from 'operation-poller/tracker';
      const store = fileStore(${JSON.stringify(place)});
      const tracker = await createOperationTracker({store});
      const add = (key) => tracker.add('http://127.0.0.1:9/' + key, {key, initialDelay: 60_000});
      await add('before');
      await store.write('large', 'x'.repeat(100_000)).catch(() => {});
      const other = new ClassicLevel(${JSON.stringify(place)});
      await other.open();
      await add('during').catch(({name, reason, message}) => console.log(JSON.stringify({name, reason, message})));
      await other.close();
      await add('after');
      process.kill(process.pid, 'SIGKILL');`;
    const limited = ['-c', 'ulimit -f 64; exec "$0" "$@"', process.execPath, '--input-type=module', '--eval', program];
    const child = spawn('sh', limited, {cwd: root, stdio: ['ignore', 'pipe', 'inherit']});
    const [output] = await Promise.all([child.stdout.toArray(), once(child, 'exit')]);
    expect(JSON.parse(output.join(''))).toEqual({
      name: 'TrackerError',
      reason: 'store',
      message: `The store could not write during: fileStore: the folder ${place} is in use: one tracker at a time uses a store`,
    });
    const store = fileStore(place);
    expect(await store.list()).toEqual(['after', 'before']);
    await store.close?.();
  });

  test('that has lost its CURRENT is refused, and its files stay', async () => {
    const place = folder();
    const store = fileStore(place);
    await store.write('a', '{}');
    await store.close?.();
    const files = readdirSync(place).filter((file) => /^\d/.test(file));
    rmSync(join(place, 'CURRENT'));
    await expect(store.list()).rejects.toMatchObject({
      message: `fileStore: the folder ${place} could not be opened`,
      cause: {message: expect.stringMatching(/^Its file CURRENT is missing/)},
    });
    expect(readdirSync(place)).toEqual(expect.arrayContaining(files));
  });

  test('that several stores make at once is used by one, and refused to the others', async () => {
    const place = join(folder(), 'made', 'at once');
    const stores = [fileStore(place), fileStore(place), fileStore(place)];
    const opened = await Promise.allSettled(stores.map((store) => store.list()));
    const refused = opened.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
    expect(refused).toEqual(Array(2).fill(expect.stringContaining('is in use: one tracker at a time uses a store')));
    for (const store of stores) await store.close?.();
  });

  test('is made by several stores at once with the folders that it is in', async () => {
    const parent = join(folder(), 'several', 'levels');
    const stores = ['a', 'b', 'c'].map((name) => fileStore(join(parent, name)));
    expect(await Promise.all(stores.map((store) => store.list()))).toEqual([[], [], []]);
    for (const store of stores) await store.close?.();
  });

  // Node's own `mkdir` never ends in /proc, where there is one.
  test.each(['/proc/operations', '/proc/self/operations/deeper', join(process.execPath, 'store')])(
    'that cannot be made is refused, with the cause: %s',
    async (place) => {
      const store = fileStore(place);
      const refused = {
        message: `fileStore: the folder ${place} could not be opened`,
        cause: {code: expect.stringMatching(/ENOENT|ENOTDIR|EEXIST|EACCES/)},
      };
      await expect(store.list()).rejects.toMatchObject(refused);
      await expect(store.write('a', 'b')).rejects.toMatchObject(refused);
      await expect(store.close?.()).resolves.toBeUndefined();
    },
  );
});

test.each([undefined, '', 1])('a folder has to be a path: %j', (given) => {
  const open: (folder: never) => unknown = fileStore;
  expect(() => Reflect.apply(open, undefined, [given])).toThrow(/^folder: expected a path/);
});

test('a tracker goes on with what is in the folder', async () => {
  const place = folder();
  const location = 'http://127.0.0.1:9/operations/a';
  const first = await createOperationTracker({store: fileStore(place)});
  const {id} = await first.add(location, {key: 'a', data: {mail: 'adele@contoso.com'}, initialDelay: 60_000});
  await first.close();
  const second = await createOperationTracker({store: fileStore(place)});
  expect(await second.get('a')).toMatchObject({id, data: {mail: 'adele@contoso.com'}});
  await second.close();
});
