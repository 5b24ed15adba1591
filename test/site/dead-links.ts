import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {dirname, join} from 'node:path';

/** The links of a built site that lead to no file of it, or to no anchor of that file, each with the page it is on. */
export function deadLinks(folder: string): readonly string[] {
  const ids = new Map<string, ReadonlySet<string>>();
  const idsOf = (file: string): ReadonlySet<string> => {
    const known =
      ids.get(file) ?? new Set([...readFileSync(file, 'utf8').matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id));
    ids.set(file, known);
    return known;
  };
  const dead: string[] = [];
  for (const name of readdirSync(folder, {recursive: true, encoding: 'utf8'})) {
    if (!name.endsWith('.html') || name === '404.html') continue;
    for (const [, link = ''] of readFileSync(join(folder, name), 'utf8').matchAll(/ (?:href|src|srcset)="([^"]+)"/g)) {
      if (/^(?:[a-z]+:|\/\/)/.test(link)) continue;
      const [path = '', anchor] = decodeURI(link).split('#');
      const found = join(folder, path === '' ? name : path.startsWith('/') ? path : join(dirname(name), path));
      const file = [found, `${found}.html`, join(found, 'index.html')].find(
        (each) => existsSync(each) && statSync(each).isFile(),
      );
      const isDead = file === undefined || (anchor !== undefined && anchor !== '' && !idsOf(file).has(anchor));
      if (isDead) dead.push(`${name}: ${link}`);
    }
  }
  return [...new Set(dead)];
}
