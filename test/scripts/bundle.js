// Bundles the package and its declarations: one file of each for each entry, and chunks for what they share. `npm run build` runs it after
// the compiler has written a declaration for each source.
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join, relative, resolve} from 'node:path';
import {rolldown} from 'rolldown';
import {minifySync} from 'rolldown/utils';
import {dts} from 'rolldown-plugin-dts';

const {exports, dependencies, peerDependencies} = JSON.parse(readFileSync('package.json', 'utf8'));
// The browser loads it as it stands, from the emulator.
const browserPage = 'testing/console/browser/page.js';
const entries = Object.values(exports).map(({default: file}) => file.replace('./dist/', ''));
const namespaces = ['protocol/protocols.js', 'schedule/schedules.js'];
const files = [...entries, ...namespaces, 'cli/main.js', browserPage];
// What the command alone needs is bundled with it.
const external = ['operation-poller', ...Object.keys({...dependencies, ...peerDependencies})];
const isExternal = (id) => external.some((name) => id === name || id.startsWith(`${name}/`));
// The namespaces stay files of their own, and so does the machine, which is made while its file is loaded.
const ownFile = /(?:protocols|schedules|operation-machine)\.ts$/;
const coreFolder = /^src.(?:shared|operation|protocol|schedule|http|options|machine|polling)\b/;
const isCore = (id) => coreFolder.test(relative('.', id)) && !ownFile.test(id);
const sourceOf = (file) => `src/${file.replace(/js$/, 'ts')}`;

const importers = new Set([resolve('src/index.ts'), resolve('build/types/index.d.ts')]);
// What the package exports as namespaces has files of its own: so it stays namespaces, which bundlers can look into.
const keepNamespaces = {
  name: 'keep-namespaces',
  resolveId: {
    filter: {id: /^\.\/(?:protocol\/protocols|schedule\/schedules)\.ts$/},
    handler(id, importer) {
      return importers.has(importer) ? {id: id.replace(/ts$/, 'js'), external: true} : undefined;
    },
  },
};

// Nobody debugs what others wrote here, nor what the console's page loads from its own emulator: they need not be readable.
const minifyOthers = {
  name: 'minify-others',
  renderChunk(code, {fileName, moduleIds}) {
    const isOthers = moduleIds.length > 0 && moduleIds.every((id) => id.includes('node_modules'));
    return isOthers || fileName === browserPage ? {code: minifySync(fileName, code, {module: true}).code} : undefined;
  },
};

const bundle = await rolldown({
  input: Object.fromEntries(files.map((file) => [file.replace(/\.js$/, ''), sourceOf(file)])),
  external: isExternal,
  plugins: [keepNamespaces, minifyOthers],
  platform: 'node',
  treeshake: {moduleSideEffects: false},
  preserveEntrySignatures: 'allow-extension',
});
const {output} = await bundle.write({
  dir: 'dist',
  format: 'esm',
  // No source maps: they are larger than all the rest, and the code is readable as it is. The docstrings stand in the declarations.
  sourcemap: false,
  comments: {jsdoc: false},
  codeSplitting: {
    groups: [
      // A bundler drops a function that nobody calls, and a class whose methods have names that it cannot foresee only with its file.
      {name: 'poller', test: /src.(?:poller|poll-operation)\.ts$/},
      // esbuild keeps a constant that is computed, whoever uses it: not for those who only want an error.
      {name: 'errors', test: /src.(?:operation.(?:errors|poll-error)|shared.printable)\.ts$/},
      {name: 'commander', test: /node_modules.commander/},
      // Loading a file costs more than most of what files contain, so what nearly every entry needs is in one.
      {name: 'core', test: isCore},
    ],
    includeDependenciesRecursively: false,
  },
  chunkFileNames: 'chunks/[name]-[hash].js',
});
await bundle.close();

// The sources have it for Symbol.asyncDispose, and bundling drops it.
const referToDisposable = {
  name: 'refer-to-disposable',
  renderChunk: (code) => ({code: `/// <reference lib="esnext.disposable" />\n${code}`}),
};

const declarations = await rolldown({
  input: Object.fromEntries(
    [...entries, ...namespaces].map((file) => [
      file.replace(/js$/, 'd'),
      file.replace(/^(.*)js$/, './build/types/$1d.ts'),
    ]),
  ),
  external: isExternal,
  // The compiler has generated them: the generator has nothing to do.
  plugins: [keepNamespaces, dts({dtsOnly: true, generator: 'oxc'}), referToDisposable],
  preserveEntrySignatures: 'allow-extension',
});
await declarations.write({
  dir: 'dist',
  entryFileNames: '[name].ts',
  chunkFileNames: 'chunks/[name].ts',
  // Names as the sources have them, for those who read them.
  minifyInternalExports: false,
  codeSplitting: {
    groups: [
      {name: 'core.d', test: /build.types.(?:poll|(?:shared|operation|protocol|schedule|http|options|machine)\b)/},
    ],
    includeDependenciesRecursively: false,
  },
});
await declarations.close();

// The licences of what is bundled have to be where it is.
const folders = new Set(
  output
    .flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
    .map((path) => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0])
    .filter((folder) => folder !== undefined),
);
const licenses = [...folders].sort().map((folder) => {
  const {name, version} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((path) => /^licen[cs]e/i.test(path));
  if (file === undefined) throw new Error(`${folder} has no licence to be packed`);
  return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
});
writeFileSync('dist/cli/LICENSES.txt', licenses.join(`\n${'-'.repeat(80)}\n\n`));
