import {mkdir, readdir} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {dirname} from 'node:path';
import type {ClassicLevel} from 'classic-level';
import {describeValue, expected} from '../shared/check-options.ts';
import type {OperationStore, WriteHint} from '../tracker/store.ts';
import {loadOptional} from './load-optional.ts';

/** What a batch has not written yet. */
interface PendingWrite {
  readonly key: string;
  /** `undefined`: removed. */
  readonly text: string | undefined;
  readonly mayBeLost: boolean;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * A store in a folder, for one process at a time: LevelDB, by the package `classic-level`, which opens the folder when the store is
 * first used. Another process is refused until this one has closed the store or has ended, however it ended.
 *
 * What is written or removed while a batch is being written goes into the next. A batch is on the disk when its writes resolve,
 * unless all that it holds may be lost.
 *
 * @param folder its path; it is created where it is not there
 * @throws TypeError when the folder is no string
 * @throws Error when `classic-level` is not installed
 *
 * @example
 * ```ts
 * const tracker = await createOperationTracker({store: fileStore('operations'), onEnd});
 * ```
 */
export function fileStore(folder: string): OperationStore {
  if (typeof folder !== 'string' || folder === '') {
    throw expected('folder', 'a path, a string that is not empty', describeValue(folder));
  }
  // Now rather than when the store is first used: whoever lacks the package learns it at once.
  const load = (): typeof ClassicLevel => createRequire(import.meta.url)('classic-level').ClassicLevel;
  return new FileStore(folder, loadOptional('fileStore', 'classic-level', load));
}

class FileStore implements OperationStore {
  readonly #folder: string;
  readonly #Level: typeof ClassicLevel;
  #database: Promise<ClassicLevel> | undefined;
  #pending: PendingWrite[] = [];
  #writing: Promise<void> | undefined;

  constructor(folder: string, Level: typeof ClassicLevel) {
    this.#folder = folder;
    this.#Level = Level;
  }

  async list(): Promise<string[]> {
    const database = await this.#open();
    return database.keys().all();
  }

  async read(key: string): Promise<string | undefined> {
    const database = await this.#open();
    return database.get(key);
  }

  write(key: string, text: string, {mayBeLost = false}: WriteHint = {}): Promise<void> {
    return this.#add(key, text, mayBeLost);
  }

  remove(key: string): Promise<void> {
    return this.#add(key, undefined, false);
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#closeDatabase();
  }

  /** What is used next opens it again. */
  async #closeDatabase(): Promise<void> {
    const database = this.#database;
    this.#database = undefined;
    await (await database?.catch(() => undefined))?.close();
  }

  #add(key: string, text: string | undefined, mayBeLost: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({key, text, mayBeLost, resolve, reject});
      this.#writing ??= this.#writeBatches();
    });
  }

  async #writeBatches(): Promise<void> {
    // After the current turn, so that what comes in it makes one batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      try {
        const database = await this.#open();
        const operations = batch.map(({key, text}) =>
          text === undefined ? ({type: 'del', key} as const) : ({type: 'put', key, value: text} as const),
        );
        await database.batch(operations, {sync: batch.some(({mayBeLost}) => !mayBeLost)});
        for (const {resolve} of batch) resolve();
      } catch (error) {
        for (const {reject} of batch) reject(error);
        // LevelDB would lose what it writes after half an entry in its log, as a full disk leaves it: opened again, it begins a new log.
        await this.#closeDatabase().catch(() => {});
      }
    }
    this.#writing = undefined;
  }

  /** Opens the folder; after a failure, again. */
  #open(): Promise<ClassicLevel> {
    if (this.#database === undefined) {
      const opening = openDatabase(this.#folder, this.#Level);
      this.#database = opening;
      opening.catch(() => {
        if (this.#database === opening) this.#database = undefined;
      });
    }
    return this.#database;
  }
}

async function openDatabase(folder: string, Level: typeof ClassicLevel): Promise<ClassicLevel> {
  try {
    await makeFolder(folder);
    checkIsWhole(await readdir(folder));
    const database = new Level(folder);
    await database.open();
    return database;
  } catch (error) {
    const cause: unknown = Object(error).cause;
    const isLocked = Object(cause).code === 'LEVEL_LOCKED';
    const why = isLocked ? 'is in use: one tracker at a time uses a store' : 'could not be opened';
    throw new Error(`fileStore: the folder ${folder} ${why}`, {cause: error});
  }
}

/** The files that hold what was written. */
const dataFile = /^\d+\.(?:ldb|sst|log)$/;

/** @throws Error where LevelDB would make a new database in place of one whose `CURRENT` is lost, and delete what that one held */
function checkIsWhole(files: readonly string[]): void {
  if (!files.includes('CURRENT') && files.some((file) => dataFile.test(file))) {
    throw new Error('Its file CURRENT is missing: restore the folder from a backup, or remove it to start anew');
  }
}

/** Makes a folder, and those that it is in. Node's own way never ends where none can be made, as in `/proc`. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await makeOneFolder(folder);
  } catch (error) {
    const parent = dirname(folder);
    if (Object(error).code !== 'ENOENT' || parent === folder) throw error;
    await makeFolder(parent);
    await makeOneFolder(folder);
  }
}

async function makeOneFolder(folder: string): Promise<void> {
  await mkdir(folder).catch((error: unknown) => {
    // Another store may be making it too; LevelDB says so if it is a file.
    if (Object(error).code !== 'EEXIST') throw error;
  });
}
