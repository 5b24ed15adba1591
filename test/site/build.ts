// Builds the documentation site into build/site: the guide, the reference by TypeDoc, and a search. `npm run docs:site` fetches
// VitePress and TypeDoc, and runs this with both on the path.
import {execFileSync} from 'node:child_process';
import {cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {deadLinks} from './dead-links.ts';
import {isPicture, pageName, toSitePage} from './pages.ts';
import {guideSidebar, referenceSidebar} from './sidebars.ts';
import {writeSourcePages} from './source-pages.ts';

const pages = 'build/site-pages';
const assets = join(pages, 'public');
const site = 'build/site';

function write(path: string, text: string): void {
  mkdirSync(dirname(path), {recursive: true});
  writeFileSync(path, text);
}

for (const folder of [pages, site]) rmSync(folder, {recursive: true, force: true});
execFileSync('typedoc', ['--options', 'test/site/typedoc.json'], {stdio: 'inherit'});

// Every page of docs/, and whatever a page links to: the set grows while it is gone through.
const pageFiles = readdirSync('docs').filter((name) => name.endsWith('.md'));
const files = new Set(['README.md', 'src', ...pageFiles.map((name) => `docs/${name}`)]);
for (const path of files) {
  const name = pageName(path);
  if (name !== undefined) {
    const {text, links} = toSitePage(path, readFileSync(path, 'utf8'));
    for (const link of links) files.add(link);
    write(join(pages, `${name}.md`), text);
  } else if (isPicture(path)) cpSync(path, join(assets, path));
  else writeSourcePages(path, assets);
}

write(
  join(pages, 'sidebar.json'),
  JSON.stringify({
    guide: guideSidebar(readFileSync('docs/README.md', 'utf8')),
    reference: referenceSidebar(join(pages, 'reference')),
  }),
);
write(join(pages, '.vitepress/config.js'), "export {default} from '../../test/site/config.js';\n");
execFileSync('vitepress', ['build', pages], {stdio: 'inherit'});

const dead = deadLinks(site);
if (dead.length > 0) throw new Error(`Links that lead nowhere:\n${dead.join('\n')}`);
console.log(
  `${site}: ${readdirSync(site, {recursive: true}).filter((name) => String(name).endsWith('.html')).length} pages`,
);
