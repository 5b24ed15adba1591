import {existsSync, readFileSync} from 'node:fs';
import {readFile, realpath} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {dirname, join, relative, resolve, sep} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

/** The modules of the page, as they are installed. */
export interface Modules {
  /** By package name: the folder from which files may be served, and the entry file in it. */
  readonly packages: ReadonlyMap<string, {readonly folder: string; readonly entry: string}>;
  /** Why the page cannot run, or cannot watch: one sentence for each missing piece. */
  readonly problems: readonly string[];
}

const name = 'operation-poller';
/** What the core imports. */
const dependencies = ['ky', 'p-retry', 'is-network-error', 'xstate'];

/** The page's own script, in the folder of this package. */
export const pageScript = 'testing/console/browser/page.js';

/**
 * Finds the build of this package and its dependencies where they are installed. Throws nothing: the page lists what is missing.
 *
 * @param from a file of this package
 */
export function findModules(from: string = fileURLToPath(import.meta.url)): Modules {
  const packages = new Map<string, {folder: string; entry: string}>();
  const problems: string[] = [];
  const root = folderOf(from) ?? dirname(from);
  const built = join(root, 'dist');
  if (existsSync(join(built, 'index.js')) && existsSync(join(built, pageScript))) {
    packages.set(name, {folder: built, entry: 'index.js'});
  } else {
    problems.push(`${name} is not built: there is no dist/${pageScript}. Run "npm run build".`);
  }
  for (const dependency of dependencies) {
    const found = findPackage(dependency, join(root, 'package.json'));
    if (found !== undefined) packages.set(dependency, found);
    else problems.push(`${dependency}, which ${name} imports, is not installed.`);
  }
  return {packages, problems};
}

/** The text of a file of these packages; `undefined` if there is no such file or a browser has no use for it. */
export async function readModule({packages}: Modules, path: string): Promise<string | undefined> {
  const [packageName = '', ...segments] = path.split('/');
  const folder = packages.get(packageName)?.folder;
  // Each segment must be an ordinary name, so that no path leads out of the folder: no "..", no "%2e", no backslash.
  const isOrdinary = segments.every((segment) => /^[\w-][\w.@-]*$/.test(segment) && segment !== 'node_modules');
  if (folder === undefined || !isOrdinary || !/\.(?:m?js|map)$/.test(path)) return undefined;
  try {
    const [file, within] = await Promise.all([realpath(join(folder, ...segments)), realpath(folder)]);
    // Nor may a symbolic link lead out of it.
    return file.startsWith(within + sep) ? await readFile(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

function findPackage(wanted: string, from: string): {folder: string; entry: string} | undefined {
  try {
    const main = createRequire(pathToFileURL(from)).resolve(wanted);
    const folder = folderOf(main, wanted);
    if (folder === undefined) return undefined;
    // If a package has two builds, require() finds the one that browsers cannot run.
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
