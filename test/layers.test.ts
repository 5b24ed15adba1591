// One check of what the files of src import, for every file that is there or is ever added: types count, and so does `import()`.

import {readdirSync, readFileSync} from 'node:fs';
import {join, posix, relative, sep} from 'node:path';
import {fileURLToPath} from 'node:url';
import {describe, expect, test} from '@jest/globals';
import {parseSync} from '@swc/core';

/** The folders of src and the files beside them. Each imports from itself and from those before it, never from later ones. */
const order = [
  ...['shared/', 'operation/', 'protocol/', 'schedule/', 'http/', 'options/', 'machine/', 'polling/'],
  ...['poller.ts', 'poll-operation.ts', 'index.ts'],
  ...['client/', 'graph/', 'runner/', 'tracker/'],
  ...['node/', 'bullmq/', 'durable/', 'opentelemetry/', 'catalog/', 'testing/'],
  'cli/',
];

/** Imports that the order alone would allow. */
const forbidden: ReadonlyArray<{readonly from: RegExp; readonly to: RegExp; readonly because: string}> = [
  {from: /./, to: /\/index\.ts$/, because: 'index files are for users of the package'},
  {from: /^src\/durable\//, to: /^src\/bullmq\//, because: 'a runner needs no other runner'},
  {from: /^src\/opentelemetry\//, to: /^src\/(bullmq|durable)\//, because: 'telemetry needs no runner'},
  {
    from: /^src\/testing\//,
    to: /^src\/(?!testing\/)/,
    because: 'the emulator and the kit share no mistake with the library',
  },
  {
    from: /^src\/testing\/console\/browser\//,
    to: /^(node:|src\/testing\/(?!console\/(browser\/|wire\.ts$)))/,
    because: 'the page runs in a browser',
  },
  {
    from: /^src\/testing\/(?!console\/browser\/)/,
    to: /^src\/testing\/console\/browser\//,
    because: 'the page runs in a browser',
  },
];

/** The folders and files that use a package, and those that take nothing but types from it. */
const packages: ReadonlyMap<string, {readonly values: readonly string[]; readonly types?: readonly string[]}> = new Map(
  [
    ['ky', {values: ['http/', 'node/'], types: ['options/', 'client/']}],
    ['is-network-error', {values: ['http/']}],
    ['p-retry', {values: ['polling/poll.ts'], types: ['options/']}],
    ['xstate', {values: ['machine/', 'polling/', 'poller.ts']}],
    ['node:', {values: ['node/', 'bullmq/', 'testing/', 'cli/']}],
    ['undici', {values: ['node/']}],
    ['classic-level', {values: ['node/']}],
    ['bullmq', {values: ['bullmq/']}],
    ['@opentelemetry/api', {values: ['opentelemetry/']}],
    ['commander', {values: ['cli/']}],
    ['@clack/prompts', {values: ['cli/']}],
    // The page is a user's program.
    ['operation-poller', {values: ['testing/console/browser/']}],
  ],
);

interface Import {
  /** `undefined` where it is computed. */
  readonly specifier: string | undefined;
  readonly typeOnly: boolean;
}

/** What makes a node of swc's tree an import. */
interface SyntaxNode {
  readonly type?: string;
  readonly value?: string;
  readonly typeOnly?: boolean;
  readonly isTypeOnly?: boolean;
  readonly specifiers?: readonly SyntaxNode[];
  /** Of `import … from` and `export … from`. */
  readonly source?: SyntaxNode | null;
  /** Of the type `import('…').Name`. */
  readonly argument?: SyntaxNode;
  /** Of `import('…')`. */
  readonly callee?: SyntaxNode;
  readonly arguments?: ReadonlyArray<{readonly expression: SyntaxNode}>;
  /** Of `require('…')` in `import … = require('…')`. */
  readonly expression?: SyntaxNode;
  /** Of `declare module '…'`. */
  readonly id?: SyntaxNode;
}

const referenceDirective = /^\/\/\/ *<reference +(path|types) *= *["'](.*?)["']/gm;

/** All imports of a source, wherever in the file they are. */
function importsOf(source: string): Import[] {
  const imports: Import[] = [];
  const add = (target: SyntaxNode | undefined, typeOnly: boolean): void => {
    imports.push({specifier: target?.type === 'StringLiteral' ? target.value : undefined, typeOnly});
  };
  const visit = (node: SyntaxNode | null): void => {
    if (typeof node !== 'object' || node === null) return;
    const {specifiers = []} = node;
    if (node.type === 'TsImportType') add(node.argument, true);
    else if (node.type === 'TsExternalModuleReference') add(node.expression, false);
    else if (node.type === 'TsModuleDeclaration' && node.id?.type === 'StringLiteral') add(node.id, true);
    else if (node.callee?.type === 'Import') add(node.arguments?.[0]?.expression, false);
    else if (node.source) {
      const noValue = specifiers.length > 0 && specifiers.every(({isTypeOnly}) => isTypeOnly);
      add(node.source, node.typeOnly === true || noValue);
    }
    for (const child of Object.values(node)) visit(child);
  };
  visit(parseSync(source, {syntax: 'typescript'}) as unknown as SyntaxNode);
  for (const [, kind, target = ''] of source.matchAll(referenceDirective)) {
    imports.push({specifier: kind === 'path' ? `./${target}` : target, typeOnly: true});
  }
  return imports;
}

/** The place of a file in the order: its folder in src, or its own name. */
function placeOf(path: string): string {
  return /^src\/([^/]+\/?)/.exec(path)?.[1] ?? '';
}

/** Why a file may not import another one, or `undefined` if it may. */
function whyNotFile(from: string, to: string): string | undefined {
  const [importer, imported] = [placeOf(from), placeOf(to)];
  if (imported === '') return 'it is not in src/';
  return order.indexOf(imported) > order.indexOf(importer) ? `${importer} comes before ${imported}` : undefined;
}

/** Why a file may not import from a package, or `undefined` if it may. */
function whyNotPackage(from: string, specifier: string, typeOnly: boolean): string | undefined {
  const name = /^(node:|(@[^/]+\/)?[^/]+)/.exec(specifier)?.[0] ?? '';
  const {values, types = []} = packages.get(name) ?? {values: []};
  const users = typeOnly ? [...values, ...types] : values;
  if (users.some((user) => from.startsWith(`src/${user}`))) return undefined;
  return users.length === 0 ? 'no file may' : `only ${users.join(', ')} may`;
}

/** The circles among files, as the paths along them. */
function circlesAmong(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) circles.push([...trail.slice(start), path].join(' → '));
    else if (!done.has(path)) for (const next of imports.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return circles;
}

/** What is wrong with the imports of files, which are given as sources by their paths from the project's folder. */
function violationsIn(files: Readonly<Record<string, string>>): string[] {
  const violations: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [path, source] of Object.entries(files)) {
    if (!order.includes(placeOf(path))) violations.push(`${path}: ${placeOf(path)} has no place in the order`);
    const targets: string[] = [];
    for (const {specifier, typeOnly} of importsOf(source)) {
      if (specifier === undefined) {
        violations.push(`${path} imports what it computes: no check can follow`);
        continue;
      }
      const isFile = specifier.startsWith('.');
      const target = isFile ? posix.join(posix.dirname(path), specifier) : specifier;
      if (isFile) targets.push(target);
      const reason =
        (isFile ? whyNotFile(path, target) : whyNotPackage(path, specifier, typeOnly)) ??
        forbidden.find(({from, to}) => from.test(path) && to.test(target))?.because;
      if (reason !== undefined) violations.push(`${path} imports ${target}: ${reason}`);
    }
    graph.set(path, targets);
  }
  return [...violations, ...circlesAmong(graph).map((circle) => `Circle: ${circle}`)];
}

test('the files of src import only what they may', () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const files: Record<string, string> = {};
  for (const entry of readdirSync(join(root, 'src'), {recursive: true, withFileTypes: true})) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files[relative(root, path).replaceAll(sep, '/')] = readFileSync(path, 'utf8');
  }
  expect(Object.keys(files)).toEqual(expect.arrayContaining(['src/index.ts', 'src/machine/machine.ts']));
  expect(violationsIn(files)).toEqual([]);
});

describe('allowed', () => {
  test.each([
    ['src/shared/a.ts', "import {b} from './b.ts';"],
    ['src/polling/a.ts', "import {b} from '../shared/deep/b.ts';"],
    ['src/polling/a.ts', "export type {B} from '../machine/b.ts';"],
    ['src/poller.ts', "import {b} from './polling/b.ts';"],
    ['src/poll-operation.ts', "import {Poller} from './poller.ts';"],
    ['src/graph/a.ts', "import {pollOperation} from '../poll-operation.ts';"],
    ['src/cli/a.ts', "import {b} from '../testing/b.ts';"],
    ['src/cli/a.ts', "void import('@clack/prompts');"],
    ['src/http/a.ts', "import ky, {type Options} from 'ky';"],
    ['src/options/a.ts', "import type {KyInstance} from 'ky';"],
    ['src/options/a.ts', "import {type Options} from 'p-retry';"],
    ['src/options/a.ts', "export type Http = import('ky').KyInstance;"],
    ['src/testing/runner-kit/a.ts', "import {b} from '../b.ts';"],
    ['src/testing/console/a.ts', "import 'node:fs/promises';"],
    ['src/testing/console/browser/a.ts', "import {limits} from '../wire.ts';"],
    ['src/testing/console/browser/a.ts', "import {pollOperation} from 'operation-poller';"],
    ['src/shared/a.ts', "// import '../cli/b.ts';"],
    ['src/shared/a.ts', "export const text = `import 'ky';`;"],
  ])('%s: %s', (path, source) => {
    expect(violationsIn({[path]: source})).toEqual([]);
  });
});

const forUsers = 'index files are for users of the package';
const emulator = 'the emulator and the kit share no mistake with the library';
const browser = 'the page runs in a browser';

describe('forbidden', () => {
  test.each([
    ['operation/a.ts', "import {b} from '../http/b.ts';", 'src/http/b.ts: operation/ comes before http/'],
    ['operation/a.ts', "import type {B} from '../http/b.ts';", 'src/http/b.ts: operation/ comes before http/'],
    ['operation/a.ts', "import {type B} from '../http/b.ts';", 'src/http/b.ts: operation/ comes before http/'],
    ['operation/a.ts', "export type {B} from '../http/b.ts';", 'src/http/b.ts: operation/ comes before http/'],
    ['operation/a.ts', "export * from '../http/deep/b.ts';", 'src/http/deep/b.ts: operation/ comes before http/'],
    ['operation/a.ts', "type B = import('../http/b.ts').B;", 'src/http/b.ts: operation/ comes before http/'],
    ['operation/a.ts', "void import('../http/b.ts');", 'src/http/b.ts: operation/ comes before http/'],
    ['operation/a.ts', "import b = require('../http/b.ts');", 'src/http/b.ts: operation/ comes before http/'],
    ['operation/a.ts', "declare module '../http/b.ts' {}", 'src/http/b.ts: operation/ comes before http/'],
    ['operation/a.ts', '/// <reference path="../http/b.ts" />', 'src/http/b.ts: operation/ comes before http/'],
    ['operation/a.ts', '/// <reference types="node:fs" />', 'node:fs: only node/, bullmq/, testing/, cli/ may'],
    ['polling/a.ts', "import {Poller} from '../poller.ts';", 'src/poller.ts: polling/ comes before poller.ts'],
    ['poller.ts', "import './poll-operation.ts';", 'src/poll-operation.ts: poller.ts comes before poll-operation.ts'],
    ['poll-operation.ts', "import './graph/a.ts';", 'src/graph/a.ts: poll-operation.ts comes before graph/'],
    ['cli/a.ts', "import '../../package.json' with {type: 'json'};", 'package.json: it is not in src/'],
    ['cli/a.ts', 'void import(process.argv[2]);', 'what it computes: no check can follow'],
    ['cli/a.ts', "import {pollOperation} from '../index.ts';", `src/index.ts: ${forUsers}`],
    ['cli/a.ts', "import type {Client} from '../graph/index.ts';", `src/graph/index.ts: ${forUsers}`],
    ['graph/a.ts', "import {b} from './index.ts';", `src/graph/index.ts: ${forUsers}`],
    ['bullmq/a.ts', "import '../durable/b.ts';", 'src/durable/b.ts: bullmq/ comes before durable/'],
    ['durable/a.ts', "import '../bullmq/b.ts';", 'src/bullmq/b.ts: a runner needs no other runner'],
    ['opentelemetry/a.ts', "import type {B} from '../bullmq/b.ts';", 'src/bullmq/b.ts: telemetry needs no runner'],
    ['testing/a.ts', "import '../shared/b.ts';", `src/shared/b.ts: ${emulator}`],
    ['testing/runner-kit/a.ts', "import type {Turn} from '../../runner/b.ts';", `src/runner/b.ts: ${emulator}`],
    ['testing/console/browser/a.ts', "import '../../../poller.ts';", `src/poller.ts: ${emulator}`],
    ['testing/console/browser/a.ts', "import '../history.ts';", `src/testing/console/history.ts: ${browser}`],
    ['testing/console/browser/a.ts', "import 'node:fs';", `node:fs: ${browser}`],
    ['testing/console/a.ts', "import './browser/b.ts';", `src/testing/console/browser/b.ts: ${browser}`],
    ['testing/console/a.ts', "import 'operation-poller';", 'operation-poller: only testing/console/browser/ may'],
    ['options/a.ts', "import ky, {type KyInstance} from 'ky';", 'ky: only http/, node/ may'],
    ['machine/a.ts', "import type {Options} from 'p-retry';", 'p-retry: only polling/poll.ts, options/ may'],
    ['polling/a.ts', "import 'node:fs/promises';", 'node:fs/promises: only node/, bullmq/, testing/, cli/ may'],
    ['durable/a.ts', "import {Job} from 'bullmq/dist/job.js';", 'bullmq/dist/job.js: only bullmq/ may'],
    ['bullmq/a.ts', "import {Redis} from 'ioredis';", 'ioredis: no file may'],
    ['graph/a.ts', "import type {B} from '@azure/identity';", '@azure/identity: no file may'],
  ])('%s: %s', (name, source, violation) => {
    expect(violationsIn({[`src/${name}`]: source})).toEqual([`src/${name} imports ${violation}`]);
  });

  test('a folder or file that is not in the order', () => {
    expect(violationsIn({'src/utils/a.ts': '', 'src/helpers.ts': ''})).toEqual([
      'src/utils/a.ts: utils/ has no place in the order',
      'src/helpers.ts: helpers.ts has no place in the order',
    ]);
  });

  test('circles, by types alone too', () => {
    const files = {
      'src/http/a.ts': "import type {B} from './b.ts';\nimport {e} from './e.ts';",
      'src/http/b.ts': "import {type C} from './deep/c.ts';",
      'src/http/deep/c.ts': "export type {A} from '../a.ts';",
      'src/http/d.ts': "import './a.ts';",
      'src/http/e.ts': "type A = import('./a.ts').A;",
    };
    expect(violationsIn(files)).toEqual([
      'Circle: src/http/a.ts → src/http/b.ts → src/http/deep/c.ts → src/http/a.ts',
      'Circle: src/http/a.ts → src/http/e.ts → src/http/a.ts',
    ]);
  });
});
