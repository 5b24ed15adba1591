// `node --import ./test/support/load-typescript.mjs file.ts`: child processes of the tests run the source, as jest does.
import {readFile} from 'node:fs/promises';
import {register} from 'node:module';
import {fileURLToPath} from 'node:url';
import {isMainThread} from 'node:worker_threads';

// A Node that runs TypeScript as it stands starts sooner without this.
if (isMainThread && !process.features.typescript) register(import.meta.url);

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const {transform} = await import('@swc/core');
  const source = await readFile(fileURLToPath(url), 'utf8');
  const {code} = await transform(source, {
    swcrc: false,
    jsc: {target: 'es2022', parser: {syntax: 'typescript'}},
    module: {type: 'es6'},
  });
  return {format: 'module', source: code, shortCircuit: true};
}
