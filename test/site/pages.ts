import {dirname, join, normalize} from 'node:path';
import {sourceLink} from './source-pages.ts';

/** Where the site has the Markdown files of the repository that stand outside of docs/, and the contents of the guide. */
const moved: Readonly<Record<string, string>> = {
  'README.md': 'index',
  'CHANGELOG.md': 'changelog',
  'CONTRIBUTING.md': 'contributing',
  'docs/README.md': 'guide',
};

/** The name of a page of the site, or `undefined` if the file is none. */
export function pageName(path: string): string | undefined {
  return moved[path] ?? /^(?:docs\/)?(.+)\.md$/.exec(path)?.[1];
}

export function isPicture(path: string): boolean {
  return /\.(?:svg|png)$/.test(path);
}

/** A page of the repository as a page of the site. */
export interface SitePage {
  readonly text: string;
  /** The files and folders of the repository that it links to. */
  readonly links: readonly string[];
}

/**
 * Turns a Markdown file into a page of the site: its links lead to the site's pages, and what is for GitHub's reader or for
 * the tests alone is left out.
 *
 * @param path - Of the file, from the root of the repository.
 */
export function toSitePage(path: string, text: string): SitePage {
  const links: string[] = [];
  const linkTo = (target: string): string => {
    if (/^(?:https?:|#|\/)/.test(target)) return target;
    const [file = '', anchor] = target.split('#');
    const hash = anchor === undefined ? '' : `#${anchor}`;
    const found = normalize(join(dirname(path), file));
    links.push(found);
    const page = pageName(found);
    if (page !== undefined) return `/${page === 'index' ? '' : page}${hash}`;
    return (isPicture(found) ? `/${found}` : sourceLink(found)) + hash;
  };
  const parts = text
    .replace(/\n---\n\n[^\n]*\[Contents\]\(README\.md\)[^\n]*\n$/, '\n')
    .split(/(^```[\s\S]*?^```$)/gm)
    .map((part, index) => {
      if (index % 2 === 1) return part;
      return part
        .replaceAll(/^<!--[\s\S]*?-->\n/gm, '')
        .replaceAll(/\]\(([^)\s]+)\)/g, (_, target: string) => `](${linkTo(target)})`)
        .replaceAll(/\b(src|srcset)="([^"]+)"/g, (_, name: string, target: string) => `${name}="${linkTo(target)}"`);
    });
  return {text: parts.join(''), links};
}
