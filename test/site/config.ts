// How VitePress makes the site. It reads this file from the folder of the pages, where build.ts puts it next to sidebar.json.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {anchorOf} from './anchors.ts';

const {guide, reference} = JSON.parse(readFileSync(join(process.cwd(), 'build/site-pages/sidebar.json'), 'utf8'));

// biome-ignore lint/style/noDefaultExport: VitePress takes its configuration from there.
export default {
  title: 'operation-poller',
  description: 'Watches a long-running operation on a server until it ends',
  lang: 'en',
  outDir: '../site',
  // There is none; without this a browser asks for one.
  head: [['link', {rel: 'icon', href: 'data:,'}]],
  markdown: {anchor: {slugify: anchorOf}},
  vite: {build: {chunkSizeWarningLimit: 4000}},
  themeConfig: {
    nav: [
      {text: 'Guide', link: '/guide'},
      {text: 'Catalogue', link: '/catalog'},
      {text: 'Reference', link: '/reference/', activeMatch: '^/reference/'},
      {text: 'Changes', link: '/changelog'},
    ],
    sidebar: {'/reference/': reference, '/': guide},
    outline: {level: [2, 3]},
    search: {
      provider: 'local',
      // Each option has many entries in the reference; the page that explains it comes first.
      options: {
        miniSearch: {
          searchOptions: {boostDocument: (page: string) => (page.startsWith('/reference/') ? 0.2 : 1)},
        },
      },
    },
  },
};
