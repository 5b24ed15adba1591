// Draws docs/watch.svg: what a real terminal (tmux) shows while `operation-poller watch` runs, moment by moment. Needs tmux.
import {execFile} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {promisify, stripVTControlCharacters} from 'node:util';
import {startGraphEmulator} from 'operation-poller/testing';

const columns = 84;
const rows = 4;
/** How often the terminal is captured, in milliseconds, and how long the last picture stays. */
const lookEvery = 100;
const restFor = 4000;

interface Frame {
  /** Since the beginning, in milliseconds. */
  readonly at: number;
  readonly text: string;
}

const run = promisify(execFile);

/** A server of tmux of our own, so that no other session is touched. */
const tmux = async (...args: readonly string[]): Promise<string> =>
  (await run('tmux', ['-L', 'operation-poller-picture', '-f', '/dev/null', ...args])).stdout;

async function look(): Promise<string> {
  return (await tmux('capture-pane', '-e', '-p')).trimEnd();
}

async function record(location: string): Promise<readonly Frame[]> {
  await tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), 'bash --norc');
  try {
    const main = resolve('dist/cli/main.js');
    const prepared = `PS1='$ '; export GRAPH_TOKEN=emulated LOCATION='${location}'; operation-poller() { node '${main}' "$@"; }; clear`;
    await tmux('send-keys', prepared, 'Enter');
    await sleep(500);
    await tmux('send-keys', 'operation-poller watch "$LOCATION" --token-env GRAPH_TOKEN --interval 2s');
    const frames: Frame[] = [];
    const begun = Date.now();
    await sleep(lookEvery);
    for (let entered = false; ; await sleep(lookEvery)) {
      const text = await look();
      if (text !== frames.at(-1)?.text) frames.push({at: Date.now() - begun, text});
      if (!entered && Date.now() - begun > 800) {
        await tmux('send-keys', 'Enter');
        entered = true;
      }
      if (/^succeeded$/m.test(stripVTControlCharacters(text))) return frames;
      if (Date.now() - begun > 60_000) throw new Error(`It did not end:\n${text}`);
    }
  } finally {
    await tmux('kill-server');
  }
}

const lineHeight = 20;
const columnWidth = 8.43;
const padding = 16;
// By the codes that the command's styles have, and those that end them.
const colours: Readonly<Record<string, string>> = {
  31: 'bad',
  32: 'good',
  33: 'warning',
  36: 'active',
  2: 'faint',
  0: 'plain',
  22: 'plain',
  39: 'plain',
};

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** What the terminal shows, with its colours, of which tmux gives only the changes. */
function drawn(screen: string): string {
  let style = 'plain';
  const lines = screen.split('\n').map((line, row) => {
    let column = 0;
    const pieces = line.split('\u001b[').map((part, index) => {
      const [code = '', text = ''] = index === 0 ? ['', part] : part.split(/m(.*)/s);
      for (const each of code.split(';')) style = colours[each] ?? style;
      const x = (padding + column * columnWidth).toFixed(1);
      column += text.length;
      if (text === '') return '';
      return `<tspan x="${x}" textLength="${(text.length * columnWidth).toFixed(1)}" class="${style}">${escaped(text)}</tspan>`;
    });
    return `<text y="${padding + 15 + row * lineHeight}">${pieces.join('')}</text>`;
  });
  return lines.join('');
}

function picture(frames: readonly Frame[]): string {
  const total = (frames.at(-1)?.at ?? 0) + restFor;
  const percent = (at: number): string => `${((100 * at) / total).toFixed(2)}%`;
  const height = 2 * padding + rows * lineHeight;
  const width = Math.ceil(2 * padding + columns * columnWidth);
  const animations = frames.map(({at}, index) => {
    const until = frames[index + 1]?.at ?? total;
    // The first picture is there from the start; in steps, so that nothing fades.
    const before = index === 0 ? '' : `0%{visibility:hidden}${percent(at)}{visibility:visible}`;
    const after = until === total ? '' : `${percent(until)}{visibility:hidden}100%{visibility:hidden}`;
    const first = index === 0 ? '0%{visibility:visible}' : '';
    return `@keyframes f${index}{${first}${before}${after}}.f${index}{animation:f${index} ${total}ms steps(1,end) infinite}`;
  });
  const last = frames.length - 1;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    '<title>operation-poller watch in a terminal: a live line that counts down to the next poll, and the end</title>',
    '<style>',
    'text{font:14px/20px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}',
    '.plain{fill:#e6edf3}.faint{fill:#9aa4ae}.active{fill:#56d4dd}.good{fill:#5fd68a}.warning{fill:#e3b341}.bad{fill:#ff7b72}',
    `g{visibility:hidden}.f${last}{visibility:visible}`,
    '@media (prefers-reduced-motion:no-preference){',
    ...animations,
    '}',
    '</style>',
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    ...frames.map(({text}, index) => `<g class="f${index}">${drawn(text)}</g>`),
    '</svg>',
    '',
  ].join('\n');
}

const emulator = await startGraphEmulator({token: 'emulated'});
try {
  const {location} = emulator.addOperation({
    script: [
      'notStarted',
      'running',
      {http: 429, retryAfter: 4},
      'running',
      {status: 'succeeded', detail: 'ResetSuccess'},
    ],
  });
  const frames = await record(location);
  writeFileSync('docs/watch.svg', picture(frames));
  console.log(`docs/watch.svg: ${frames.length} moments\n\n${frames.map(({text}) => text).join('\n--\n')}`);
} finally {
  await emulator.stop();
}
