// Stands in for a table of your database: how each reset ended, for whoever asks later.
import {mkdir, readFile, rename, writeFile} from 'node:fs/promises';
import {join} from 'node:path';

export interface Ends {
  write(key: string, end: {readonly status: string}): Promise<void>;
  read(key: string): Promise<{readonly status: string} | undefined>;
}

export async function openEnds(folder: string): Promise<Ends> {
  await mkdir(folder, {recursive: true});
  const fileOf = (key: string): string => join(folder, `${encodeURIComponent(key)}.json`);
  return {
    write: async (key, end) => {
      await writeFile(`${fileOf(key)}.new`, JSON.stringify(end));
      await rename(`${fileOf(key)}.new`, fileOf(key));
    },
    read: (key) => readFile(fileOf(key), 'utf8').then(JSON.parse, () => undefined),
  };
}
