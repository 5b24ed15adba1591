import {existsSync, readFileSync} from 'node:fs';
import {readFile, realpath} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {dirname, join, relative, resolve, sep} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

/** The modules that the page runs, as they are installed. */
export interface Modules {
  /** The folders that files may be served from, by the name of their package. */
  readonly folders: ReadonlyMap<string, string>;
  /** The file that each package is imported by, relative to its folder. */
  readonly entries: ReadonlyMap<string, string>;
  /** Why the page cannot run, or cannot watch: one sentence for each thing that is not there. */
  readonly problems: readonly string[];
}

const name = 'operation-poller';
/** What the core imports, each with the package that it is found from. */
const needed: ReadonlyArray<readonly [name: string, from: string]> = [
  ['ky', name],
  ['p-retry', name],
  ['is-network-error', 'p-retry'],
  ['xstate', name],
];

/** The page's own script, in the folder of this package. */
export const pageScript = 'testing/console/browser/page.js';

/**
 * Finds this package as it was built, and what it imports where that is installed. Nothing is thrown: what is missing is told on the page.
 *
 * @param from a file of this package
 */
export function findModules(from: string = fileURLToPath(import.meta.url)): Modules {
  const folders = new Map<string, string>();
  const entries = new Map<string, string>();
  const problems: string[] = [];
  const root = folderOf(from) ?? dirname(from);
  const built = join(root, 'dist');
  if (existsSync(join(built, 'index.js')) && existsSync(join(built, pageScript))) {
    folders.set(name, built);
    entries.set(name, 'index.js');
  } else {
    problems.push(`${name} is not built: there is no dist/${pageScript}. Run "npm run build".`);
  }
  const startingPoints = new Map([[name, join(root, 'package.json')]]);
  for (const [wanted, by] of needed) {
    const found = findPackage(wanted, startingPoints.get(by));
    if (found === undefined) {
      problems.push(`${wanted}, which ${by} imports, is not installed.`);
      continue;
    }
    startingPoints.set(wanted, join(found.folder, found.entry));
    folders.set(wanted, found.folder);
    entries.set(wanted, found.entry);
  }
  return {folders, entries, problems};
}

/** The text of a file of these packages, or `undefined`: there is none, or it is none that a browser runs. */
export async function readModule({folders}: Modules, path: string): Promise<string | undefined> {
  const [owner = '', ...parts] = path.split('/');
  const folder = folders.get(owner);
  // Each part must be an ordinary name, so that no path leads out of the folder: no "..", no "%2e", no backslash.
  if (folder === undefined || !parts.every((part) => /^[\w-][\w.@-]*$/.test(part) && part !== 'node_modules')) {
    return undefined;
  }
  if (!/\.(?:m?js|map)$/.test(path)) return undefined;
  try {
    const [file, within] = await Promise.all([realpath(join(folder, ...parts)), realpath(folder)]);
    // Nor does a link.
    return file.startsWith(within + sep) ? await readFile(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

function findPackage(wanted: string, from: string | undefined): {folder: string; entry: string} | undefined {
  if (from === undefined) return undefined;
  try {
    const main = createRequire(pathToFileURL(from)).resolve(wanted);
    const folder = folderOf(main, wanted);
    if (folder === undefined) return undefined;
    // Where a package has two forms, require() finds the one that browsers cannot run.
    const {module} = packageJson(folder);
    const entry = typeof module === 'string' ? resolve(folder, module) : main;
    return {folder, entry: relative(folder, entry).replaceAll(sep, '/')};
  } catch {
    return undefined;
  }
}

/** The folder of the package that a file belongs to. */
function folderOf(file: string, wanted: string = name): string | undefined {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) && packageJson(folder).name === wanted) return folder;
  }
  return undefined;
}

function packageJson(folder: string): {readonly name?: unknown; readonly module?: unknown} {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
