import {execFile} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {basename, dirname, join, relative, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals';
import * as library from 'operation-poller';
import {createOperationClient} from 'operation-poller/client';
import {createGraphClient} from 'operation-poller/graph';
import {runCommand} from '../src/cli/command.ts';
import {operationEventTypes} from '../src/operation/events.ts';
import {fakeShell} from './cli/shells.ts';
import {type GivenEnd, startGiven} from './support/given.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
  .filter((path) => path.endsWith('.md'))
  .map((path) => ({path, text: readFileSync(join(root, path), 'utf8')}));

interface Block {
  /** The line of the page that the code begins on, from 1. */
  readonly line: number;
  readonly code: string;
  /** The file that the page says it shows. */
  readonly file: string | undefined;
  /** How the operation ends on which the page says that it runs. */
  readonly runs: GivenEnd | undefined;
  /** What the page says that it prints, from the `text` block that follows. */
  readonly prints: string | undefined;
}

/**
 * The TypeScript of a page. `<!-- file: path -->` before a block says that it shows that file, `<!-- run -->` that it runs on
 * the emulator and prints what the `text` block right after it shows; `<!-- run: failed -->` on an operation that fails.
 */
function blocksOf(text: string): Block[] {
  const fences = text.matchAll(
    /(?:<!-- (?:file: (\S+)|(run(?:: failed)?)) -->\n+)?^```ts\n([\s\S]*?)^```$(?:\n+^```text\n([\s\S]*?)^```$)?/gm,
  );
  return [...fences].map((fence) => {
    const [whole, file, run, code = '', prints] = fence;
    const before = text.slice(0, fence.index + whole.indexOf('```ts\n'));
    return {
      line: before.split('\n').length + 1,
      code,
      file,
      runs: run === undefined ? undefined : run === 'run' ? 'succeeded' : 'failed',
      prints,
    };
  });
}

const fileOf = (path: string, line: number): string => `${path.replaceAll('/', '-')}-${line}`;

/**
 * A block as a module, its lines at the same place as in the page. One with imports or exports is a program that stands alone. Any other is
 * a fragment: what it takes for granted is declared in the page's comment `<!-- preamble … -->`, for the compiler alone.
 */
function moduleOf({text}: {text: string}, {code, line}: Block): string {
  if (/^(import|export) /m.test(code)) return '\n'.repeat(line - 1) + code;
  const preamble = /^<!-- preamble\n([\s\S]*?)^-->$/m.exec(text);
  if (preamble === null) return `{${'\n'.repeat(line - 1)}${code}}\nexport {};\n`;
  const begins = text.slice(0, preamble.index).split('\n').length;
  const given = preamble[1] ?? '';
  // Braces, so that a fragment may declare a name again.
  const gap = line - 1 - begins - given.split('\n').length;
  return `${'\n'.repeat(begins)}${given}\n{${'\n'.repeat(gap)}${code}}\nexport {};\n`;
}

describe('the TypeScript in the documents', () => {
  let complaints: string[];
  let folder: string;

  // One run of the compiler for all blocks. The folder is in build/, from where the packages are found; rootDirs lays it
  // over docs/examples, whose files a program may import.
  beforeAll(async () => {
    mkdirSync(join(root, 'build'), {recursive: true});
    folder = mkdtempSync(join(root, 'build/documents-'));
    // A reader's compiler is strict, but seldom asks for brackets around the name of a header.
    const compilerOptions = {
      rootDirs: ['.', '../../docs/examples', '../../docs/examples/service'],
      noPropertyAccessFromIndexSignature: false,
      noEmit: false,
      noEmitOnError: false,
      declaration: false,
      declarationMap: false,
      outDir: 'out',
    };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({extends: '../../test/tsconfig.json', compilerOptions, include: ['.'], exclude: []}),
    );
    for (const page of pages) {
      for (const block of blocksOf(page.text)) {
        writeFileSync(join(folder, `${fileOf(page.path, block.line)}.ts`), moduleOf(page, block));
      }
    }
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const compiled = await promisify(execFile)(process.execPath, [compiler, '-p', folder], {cwd: folder}).catch(
      (error: {stdout: string}) => error,
    );
    complaints = compiled.stdout.split('\n');
    const examples = join(folder, 'out/docs/examples');
    if (existsSync(examples)) cpSync(examples, join(folder, 'out/build', basename(folder)), {recursive: true});
  }, 60_000);

  afterAll(() => rmSync(folder, {recursive: true, force: true}));

  test.each(pages)('compiles: $path', ({path}) => {
    const prefix = `${path.replaceAll('/', '-')}-`;
    expect(complaints.filter((complaint) => complaint.startsWith(prefix))).toEqual([]);
  });

  test('compiles without any error', () => {
    expect(complaints.filter((complaint) => complaint !== '')).toEqual([]);
    expect(pages.flatMap(({text}) => blocksOf(text)).length).toBeGreaterThan(20);
  });

  const running = pages.flatMap(({path, text}) =>
    blocksOf(text).flatMap(({line, runs, prints}) => (runs === undefined ? [] : [{path, line, runs, prints}])),
  );

  test.each(running)('runs: $path:$line', async ({path, line, runs, prints}) => {
    await using given = await startGiven(runs);
    const printed = await given.run(join(folder, 'out', 'build', basename(folder), `${fileOf(path, line)}.js`));
    if (prints === undefined)
      expect(given.requests).toBeGreaterThan(0); // or it would show nothing of the library
    else expect(printed).toBe(prints);
  });

  test.each(pages)('is what the named files hold: $path', ({text}) => {
    for (const {code, file} of blocksOf(text)) {
      if (file === undefined) continue;
      const shown = readFileSync(join(root, file), 'utf8').replaceAll(/'(\.\.\/)+docs\/examples\//g, "'./");
      expect(code).toBe(shown);
    }
  });
});

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutCode(text).matchAll(/^#{1,6} (.+)$/gm)) {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    let free = anchor;
    for (let count = 1; anchors.has(free); count++) free = `${anchor}-${count}`;
    anchors.add(free);
  }
  return anchors;
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '');
}

describe('the links in the documents', () => {
  test.each(pages)('lead somewhere: $path', ({path, text}) => {
    const dead: string[] = [];
    for (const [, target = ''] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https:/.test(target)) continue;
      const [file = '', anchor] = target.split('#');
      const found = file === '' ? path : relative(root, resolve(root, dirname(path), file));
      const leads =
        existsSync(join(root, found)) &&
        (anchor === undefined || anchorsOf(readFileSync(join(root, found), 'utf8')).has(anchor));
      if (!leads) dead.push(target);
    }
    expect(dead).toEqual([]);
  });

  /** Where the list before the sections of a page leads; the section of advice need not be in it. */
  const listed = ({text}: {readonly text: string}): string[] => {
    const [top = ''] = text.split('\n## ');
    const lines = top.match(/^- \[[^\]]+\]\(#.*$/gm) ?? [];
    const anchors = lines.flatMap((line) => [...line.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor));
    return anchors.filter((anchor) => anchor !== 'do-and-dont');
  };

  test.each(pages.filter((page) => listed(page).length > 0))('lists of sections leave none out: $path', (page) => {
    const sections = withoutCode(page.text).match(/^## .+$/gm) ?? [];
    const anchors = [...anchorsOf(sections.join('\n'))].filter((anchor) => anchor !== 'do-and-dont');
    expect(listed(page).filter((anchor) => anchors.includes(anchor))).toEqual(anchors);
  });
});

/** The pages of the guide, in the order of its table of contents. */
function guidePages(): {title: string; file: string}[] {
  const {text = ''} = pages.find(({path}) => path === 'docs/README.md') ?? {};
  const [, list = ''] = text.split('\n## The guide\n');
  const [own = ''] = list.split('\n## ');
  return [...own.matchAll(/^\d+\. \[([^\]]+)\]\((\S+\.md)\)/gm)].map(([, title = '', file = '']) => ({title, file}));
}

describe('the guide is read in order', () => {
  const guide = guidePages();

  test('from the start to production', () => {
    expect([guide[0]?.file, guide.at(-1)?.file]).toEqual(['start.md', 'runbook.md']);
  });

  test.each(guide)('$file leads on and back', ({file}) => {
    const place = guide.findIndex((page) => page.file === file);
    const [before, after] = [place === 0 ? undefined : guide[place - 1], guide[place + 1]];
    const foot = [
      before && `[← ${before.title}](${before.file})`,
      '[Contents](README.md)',
      after && `[${after.title} →](${after.file})`,
    ];
    const {text = ''} = pages.find(({path}) => path === `docs/${file}`) ?? {};
    expect(text.slice(text.lastIndexOf('\n---\n'))).toBe(`\n---\n\n${foot.filter(Boolean).join(' · ')}\n`);
  });

  test('and the contents leave no page out', () => {
    const {text = ''} = pages.find(({path}) => path === 'docs/README.md') ?? {};
    const linked = [...text.matchAll(/\]\((\S+\.md)\)/g)].map(([, file]) => `docs/${file}`);
    const others = pages.map(({path}) => path).filter((path) => path.startsWith('docs/') && path !== 'docs/README.md');
    expect(others.filter((path) => !linked.includes(path))).toEqual([]);
  });
});

describe('the guide leaves nothing out', () => {
  // The first words of the rows of a page's first table, the one before its subheadings.
  const rows = (page: string): string[] => {
    const {text = ''} = pages.find(({path}) => path === `docs/${page}.md`) ?? {};
    const [own = ''] = text.split('\n## ');
    return [...own.matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name);
  };

  test('no option', () => {
    let complaint = '';
    try {
      library.pollOperation('https://localhost/', {none: 0} as library.PollOptions);
    } catch (error) {
      complaint = String(error);
    }
    const options = complaint.replace(/^.*there are /, '').split(', ');
    expect(rows('options').sort()).toEqual(options.sort());
  });

  test.each<[page: string, heading: string, create: (options: never) => unknown]>([
    ['graph', '### Options of `createGraphClient`', createGraphClient],
    ['client', '## Options', createOperationClient],
  ])('no option of a client: %s', (page, heading, create) => {
    let complaint = '';
    try {
      create({none: 0} as never);
    } catch (error) {
      complaint = String(error);
    }
    const options = complaint.replace(/^.*there are /, '').split(', ');
    const {text = ''} = pages.find(({path}) => path === `docs/${page}.md`) ?? {};
    const [, after = ''] = text.split(`\n${heading}\n`);
    const [own = ''] = after.split('\n#');
    const shown = [...own.matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name);
    expect(shown.sort()).toEqual(options.sort());
  });

  test('no option of a command', async () => {
    const flagsIn = (text: string): string[] =>
      [...text.matchAll(/(?<!\S|\w)`?(--[a-z-]+)/g)].map(([, flag = '']) => flag);
    const flagsOf = async (command: string): Promise<string[]> => {
      const shell = fakeShell({columns: 200});
      await runCommand([command, '--help'], shell);
      const [own = ''] = shell.written().stdout.split('Global Options:');
      return [...own.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, flag = '']) => flag);
    };
    const sectionOf = (page: string, heading: string): string => {
      const {text = ''} = pages.find(({path}) => path === `docs/${page}.md`) ?? {};
      return text.split(`\n${heading}\n`)[1]?.split('\n## ')[0] ?? '';
    };
    const shownIn = (section: string): string[] =>
      [...section.matchAll(/^\| (`--[^|]*)/gm)].flatMap(([, cell = '']) => flagsIn(cell));
    const watch = shownIn(sectionOf('command', '## watch')).filter((flag) => flag !== '--no-color');
    expect(watch.sort()).toEqual((await flagsOf('watch')).sort());
    expect(shownIn(sectionOf('console', '### In a terminal')).sort()).toEqual((await flagsOf('emulate')).sort());
    const reset = sectionOf('command', '## reset-password');
    const left = flagsIn(/It also takes the options of `watch`, except ([^.]*)\./.exec(reset)?.[1] ?? '');
    const shown = new Set([...shownIn(reset), ...watch.filter((flag) => !left.includes(flag))]);
    expect([...shown].sort()).toEqual((await flagsOf('reset-password')).sort());
  });

  test('no event', () => {
    expect(rows('events').sort()).toEqual([...operationEventTypes].sort());
  });

  test('no error', () => {
    const errors = Object.keys(library).filter((name) => name.endsWith('Error') && name !== 'OperationError');
    expect(rows('errors').sort()).toEqual([...errors, 'TypeError', 'RangeError'].sort());
  });
});
