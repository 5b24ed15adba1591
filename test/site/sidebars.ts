import {existsSync, readdirSync} from 'node:fs';
import {join} from 'node:path';

/** An entry of a sidebar, as VitePress takes it. */
export interface SidebarItem {
  readonly text: string;
  readonly link?: string;
  readonly collapsed?: boolean;
  readonly items?: readonly SidebarItem[];
}

/** The sidebar of the guide, from its table of contents: a group for each heading, an entry for each page in a list. */
export function guideSidebar(contents: string): readonly SidebarItem[] {
  const groups: {text: string; items: SidebarItem[]}[] = [];
  for (const [, heading, text = '', page = ''] of contents.matchAll(
    /^(?:##+ (.+)|(?:\d+\.|-) \[([^\]]+)\]\(([\w-]+)\.md\).*)$/gm,
  )) {
    if (heading !== undefined) groups.push({text: heading, items: []});
    else groups.at(-1)?.items.push({text, link: `/${page}`});
  }
  return groups.filter(({items}) => items.length > 0);
}

const kinds: Readonly<Record<string, string>> = {
  functions: 'Functions',
  classes: 'Classes',
  interfaces: 'Interfaces',
  'type-aliases': 'Types',
  variables: 'Variables',
  enumerations: 'Enumerations',
};

/**
 * The sidebar of the reference: a group for each module, and in it one for each kind.
 *
 * @param folder - Where TypeDoc has written it.
 */
export function referenceSidebar(folder: string): readonly SidebarItem[] {
  const core = 'operation-poller';
  const subpaths = readdirSync(join(folder, core)).filter(
    (name) => name !== 'namespaces' && existsSync(join(folder, core, name, 'index.md')),
  );
  return [core, ...subpaths.map((name) => `${core}/${name}`)].map((module) => ({
    text: module,
    link: `/reference/${module}/`,
    collapsed: true,
    items: [...namespaces(folder, module), ...membersOf(folder, module)],
  }));
}

function namespaces(folder: string, module: string): readonly SidebarItem[] {
  const parent = `${module}/namespaces`;
  if (!existsSync(join(folder, parent))) return [];
  return readdirSync(join(folder, parent)).map((name) => ({
    text: name,
    link: `/reference/${parent}/${name}/`,
    collapsed: true,
    items: membersOf(folder, `${parent}/${name}`),
  }));
}

function membersOf(folder: string, module: string): readonly SidebarItem[] {
  return Object.entries(kinds).flatMap(([kind, text]) => {
    if (!existsSync(join(folder, module, kind))) return [];
    const names = readdirSync(join(folder, module, kind)).map((file) => file.replace(/\.md$/, ''));
    return [{text, items: names.map((name) => ({text: name, link: `/reference/${module}/${kind}/${name}`}))}];
  });
}
