import {mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';

const style = `
:root { color-scheme: light dark; }
body { margin: 0; padding: 1rem; font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
pre { overflow-x: auto; font: 13px/1.6 ui-monospace, Menlo, Consolas, monospace; tab-size: 2; overflow-wrap: normal; }
a { color: LinkText; }
pre a { display: inline-block; width: 4ch; margin-right: 2ch; text-align: right; text-decoration: none; color: GrayText; }
span:target { background: light-dark(#fff3bf, #4d4200); }
`;

/** Where the site has a file or folder of the repository. */
export function sourceLink(path: string): string {
  return `/source/${path}.html`;
}

/**
 * Writes a page for a file of the repository, with an anchor for each line, or for a folder and all that is in it.
 *
 * @param folder - Of the site's files that are taken as they stand.
 */
export function writeSourcePages(path: string, folder: string): void {
  const target = join(folder, sourceLink(path));
  mkdirSync(dirname(target), {recursive: true});
  if (statSync(path).isDirectory()) {
    const names = readdirSync(path);
    for (const name of names) writeSourcePages(join(path, name), folder);
    const links = names.map((name) => `<li><a href="${basename(path)}/${name}.html">${escaped(name)}</a></li>`);
    writeFileSync(target, page(path, `<ul>${links.join('')}</ul>`));
  } else {
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    const numbered = lines.map(
      (line, index) => `<span id="L${index + 1}"><a href="#L${index + 1}">${index + 1}</a>${escaped(line)}</span>`,
    );
    writeFileSync(target, page(path, `<pre>${numbered.join('\n')}</pre>`));
  }
}

function page(title: string, content: string): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    `<p><a href="/">operation-poller</a> / ${escaped(title)}</p>`,
    content,
    '',
  ].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
