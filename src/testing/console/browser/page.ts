import type {Message, MoveName, Story} from '../wire.ts';
import {limits, moveNames} from '../wire.ts';
import {drawMachine, drawTimeline} from './draw.ts';
import {canMove, stateOf} from './machine-view.ts';
import type {Model} from './model.ts';
import {emptyModel, hear} from './model.ts';
import {layOut} from './timeline.ts';
import type {PageWatch} from './watch.ts';
import {watchHere} from './watch.ts';
import type {Line} from './wording.ts';
import {lineOf, nextText, watchLineOf} from './wording.ts';

// The page of the console: hears the emulator, shows what it heard, and asks it to move operations. What is shown is text and
// attributes, never HTML: ids and answers may hold anything.

/** As many watches as a person follows. */
const maximumWatches = 20;

let model: Model = emptyModel;
let selected: number | undefined;
/** By the key of the operation. */
const watches = new Map<number, PageWatch>();
/** Why there is no watch where one was asked for. */
const watchTroubles = new Map<number, string>();
const listed = new Map<number, HTMLButtonElement>();
const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

function part(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no #${id}`);
  return found;
}

const page = {
  connection: part('connection'),
  operations: part('operations'),
  none: part('none'),
  unselected: part('unselected'),
  detail: part('detail'),
  title: part('title'),
  status: part('status'),
  location: part('location'),
  machine: part('machine'),
  next: part('next'),
  watch: part('watch'),
  watchText: part('watch-text'),
  watchLog: part('watch-log'),
  timeline: part('timeline'),
  log: part('log'),
  body: part('body'),
  announcer: part('announcer'),
};
const moveButtons = moveNames.flatMap((move) => {
  const button = document.querySelector<HTMLButtonElement>(`[data-move=${move}]`);
  return button === null ? [] : [{move, button}];
});

function listen(): void {
  const source = new EventSource('/console/events');
  source.addEventListener('open', () => connection('open', 'Live'));
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED) connection('closed', 'Refused: too many pages are open');
    else connection('closed', 'The emulator does not answer');
  });
  source.addEventListener('message', ({data}) => take(JSON.parse(data) as Message));
}

function connection(state: 'open' | 'closed', text: string): void {
  page.connection.dataset['state'] = state;
  page.connection.textContent = text;
}

function take(message: Message): void {
  if (message.type === 'all' && message.emulator !== model.emulator) forgetWatches();
  model = hear(model, message);
  if (message.type === 'one' && message.view.key === selected && message.entry.changed) {
    announce(`The operation is ${message.view.status}`);
  }
  if (selected === undefined || !model.stories.has(selected)) selected = [...model.stories.keys()].at(-1);
  showList();
  showDetail();
}

/** Keys are given anew by another emulator. */
function forgetWatches(): void {
  for (const watch of watches.values()) watch.stop();
  watches.clear();
  watchTroubles.clear();
}

function announce(text: string): void {
  page.announcer.textContent = text;
}

function select(key: number): void {
  selected = key;
  showList();
  showDetail();
}

async function post(path: string): Promise<unknown> {
  try {
    const response = await fetch(`/console/operations/${path}`, {method: 'POST'});
    if (!response.ok) announce(await response.text());
    return response.status === 201 ? await response.json() : undefined;
  } catch {
    connection('closed', 'The emulator does not answer');
    return undefined;
  }
}

async function add(kind: 'by-hand' | 'by-script'): Promise<void> {
  const added = await post(kind);
  if (typeof added !== 'object' || added === null || !('key' in added) || typeof added.key !== 'number') return;
  const {key} = added;
  // The event may come later than the answer.
  if (model.stories.has(key)) select(key);
  else selected = key;
}

async function toggleWatch(): Promise<void> {
  const key = selected;
  const story = key === undefined ? undefined : model.stories.get(key);
  if (key === undefined || story === undefined) return;
  const present = watches.get(key);
  if (present?.going === true) {
    present.stop();
    return;
  }
  if ([...watches.values()].filter(({going}) => going).length >= maximumWatches) {
    watchTroubles.set(key, `This page watches ${maximumWatches} operations already.`);
    return showDetail();
  }
  watchTroubles.delete(key);
  try {
    const {location, bearer} = story.view;
    const watch = await watchHere(location, bearer ? model.token : undefined, () => hearWatch(key));
    watches.set(key, watch);
    // Finished ones are not kept beyond what the emulator keeps.
    if (watches.size > limits.operations) watches.delete([...watches.keys()][0] ?? key);
  } catch (error) {
    watchTroubles.set(key, `The library cannot be loaded: ${error instanceof Error ? error.message : error}`);
  }
  showDetail();
}

function hearWatch(key: number): void {
  if (key !== selected) return;
  const watch = watches.get(key);
  if (watch !== undefined && !watch.going)
    announce(`The watch in this page ended: ${watch.entries.at(-1)?.type ?? ''}`);
  showDetail();
}

function showList(): void {
  for (const [key, button] of listed) {
    if (model.stories.has(key)) continue;
    button.parentElement?.remove();
    listed.delete(key);
  }
  for (const [key, {view}] of model.stories) {
    const button = listed.get(key) ?? addToList(key);
    const [id, badge] = button.children;
    if (id !== undefined) setText(id, view.id);
    if (badge instanceof HTMLElement) showBadge(badge, view.status);
    button.setAttribute('aria-current', String(key === selected));
  }
  page.none.hidden = model.stories.size > 0;
}

function addToList(key: number): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  const [id, badge] = [document.createElement('span'), document.createElement('span')];
  id.className = 'id';
  badge.className = 'badge';
  button.append(id, badge);
  button.addEventListener('click', () => select(key));
  const item = document.createElement('li');
  item.append(button);
  page.operations.prepend(item);
  listed.set(key, button);
  return button;
}

function showBadge(badge: HTMLElement, status: string): void {
  setText(badge, status);
  badge.dataset['state'] = stateOf(status) ?? 'other';
}

function showDetail(): void {
  const story = selected === undefined ? undefined : model.stories.get(selected);
  page.unselected.hidden = story !== undefined;
  page.detail.hidden = story === undefined;
  if (story === undefined || selected === undefined) return;
  const {view, entries} = story;
  const watch = watches.get(selected);
  setText(page.title, view.id);
  showBadge(page.status, view.status);
  setText(page.location, view.location);
  setText(page.next, `${nextText(view.next)} · ${view.polls} ${view.polls === 1 ? 'poll' : 'polls'} so far`);
  setText(page.body, view.body === '' ? 'None yet.' : readable(view.body));
  showMachine(story, watch);
  for (const {move, button} of moveButtons) {
    button.setAttribute('aria-disabled', String(!canMove(move, view.status)));
  }
  showWatch(watch, watchTroubles.get(selected));
  showLog(
    page.log,
    entries.map((entry) => lineOf(entry, view.addedAt)),
  );
  showLog(
    page.watchLog,
    (watch?.entries ?? []).map((entry) => watchLineOf(entry, view.addedAt)),
  );
  showTimeline(story, watch);
}

function showMachine({view, entries}: Story, watch: PageWatch | undefined): void {
  const before = entries.findLast(({changed, kind}, index) => changed && kind !== 'added' && index > 0);
  const index = before === undefined ? -1 : entries.indexOf(before);
  const seen = watch?.entries.at(-1)?.status;
  const watched = watch === undefined ? '' : `; the watch in this page knows it as ${seen ?? 'not asked yet'}`;
  page.machine.replaceChildren(
    drawMachine({
      state: stateOf(view.status),
      before: index < 1 ? undefined : stateOf(entries[index - 1]?.status ?? ''),
      seen: seen === undefined ? undefined : stateOf(seen),
      title: `The machine of the operation. It is ${view.status}${watched}.`,
    }),
  );
}

function showWatch(watch: PageWatch | undefined, trouble: string | undefined): void {
  setText(page.watch, watch === undefined ? 'Watch' : watch.going ? 'Stop watching' : 'Watch again');
  page.watch.classList.toggle('primary', watch === undefined);
  setText(page.watchText, trouble ?? watchText(watch));
}

function watchText(watch: PageWatch | undefined): string {
  if (watch === undefined)
    return 'This page can poll the operation with operation-poller itself. Its polls take steps of the script.';
  const status = watch.entries.at(-1)?.status ?? 'nothing';
  return watch.going
    ? `Watching; it last saw ${status} (dashed in the machine).`
    : `The watch is over; it last saw ${status}.`;
}

/** The latest line comes first; lines that are there already stay. */
function showLog(list: HTMLElement, lines: readonly Line[]): void {
  const shown = lines.toReversed();
  while (list.children.length > shown.length) list.lastElementChild?.remove();
  for (const [index, {time, text, kind}] of shown.entries()) {
    const item = list.children[index] ?? list.appendChild(newLine());
    const [first, second] = item.children;
    if (first === undefined || second === undefined) continue;
    setText(first, time);
    setText(second, text);
    second.className = kind;
  }
}

function newLine(): HTMLLIElement {
  const item = document.createElement('li');
  const time = document.createElement('span');
  time.className = 'time';
  item.append(time, document.createElement('span'));
  return item;
}

function showTimeline({view, entries}: Story, watch: PageWatch | undefined): void {
  const width = Math.round(page.timeline.clientWidth);
  if (width === 0) return;
  const watched = watch?.entries ?? [];
  const latest = Math.max(entries.at(-1)?.at ?? 0, watched.at(-1)?.at ?? 0);
  const until = goesOn(view.status, watch) ? Math.max(Date.now(), latest) : latest + 1000;
  page.timeline.replaceChildren(drawTimeline(layOut({entries, watched, addedAt: view.addedAt, until, width})));
}

function goesOn(status: string, watch: PageWatch | undefined): boolean {
  return watch?.going === true || !['succeeded', 'failed', 'canceled'].includes(stateOf(status) ?? '');
}

/** Unchanged text is left alone, so that what a reader has selected stays so. */
function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    return body;
  }
}

function move(name: MoveName, button: HTMLButtonElement): void {
  if (selected === undefined || button.getAttribute('aria-disabled') === 'true') return;
  void post(`${selected}/${name}`);
}

part('new-by-hand').addEventListener('click', () => void add('by-hand'));
part('new-by-script').addEventListener('click', () => void add('by-script'));
page.watch.addEventListener('click', () => void toggleWatch());
for (const {move: name, button} of moveButtons) button.addEventListener('click', () => move(name, button));
new ResizeObserver(() => showDetail()).observe(page.timeline);
// Time passes in the timeline also when nothing happens, but for those who want no motion.
setInterval(() => {
  const story = selected === undefined ? undefined : model.stories.get(selected);
  if (reducedMotion.matches || story === undefined || document.hidden) return;
  if (goesOn(story.view.status, watches.get(story.view.key))) showTimeline(story, watches.get(story.view.key));
}, 1000);
listen();
