import {type ActionName, limits, type Message} from '../wire.ts';
import {applyMessage, emptyModel, type Model} from './model.ts';
import {
  actionButtons,
  announce,
  copyButtons,
  type Detail,
  elements,
  isActive,
  showConnection,
  showCopied,
  showDetail,
  showEstimate,
  showList,
  showTimeline,
} from './view.ts';
import {type PageWatch, watchOperation} from './watch.ts';
import {commandFor} from './wording.ts';

// The page of the console: it receives the emulator's messages, shows them, and sends the actions of the buttons.

/** As many watches as a person can follow. */
const maximumWatches = 20;

let model: Model = emptyModel;
let selected: number | undefined;
/** By the key of the operation. */
const watches = new Map<number, PageWatch>();
/** By the key of the operation: why it could not be watched. */
const watchProblems = new Map<number, string>();
const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');

function listen(): void {
  const source = new EventSource('/console/events');
  source.addEventListener('open', () => showConnection('open', 'Live'));
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED) showConnection('closed', 'Refused: too many pages are open');
    else showConnection('closed', 'The emulator does not answer');
  });
  source.addEventListener('message', ({data}) => receive(JSON.parse(data) as Message));
}

function receive(message: Message): void {
  if (message.type === 'snapshot' && message.emulator !== model.emulator) dropWatches();
  model = applyMessage(model, message, keptKeys());
  if (message.type === 'update' && message.view.key === selected && message.entry.changed) {
    announce(`The operation is ${message.view.status}`);
  }
  if (selected === undefined || !model.operations.has(selected)) selected = [...model.operations.keys()].at(-1);
  showAll();
}

/** What the user has chosen or watches. */
function keptKeys(): ReadonlySet<number> {
  const watched = [...watches].filter(([, {active}]) => active).map(([key]) => key);
  return new Set(selected === undefined ? watched : [selected, ...watched]);
}

/** Another emulator assigns the same keys to other operations. */
function dropWatches(): void {
  for (const watch of watches.values()) watch.stop();
  watches.clear();
  watchProblems.clear();
}

function selectedDetail(): Detail | undefined {
  if (selected === undefined) return undefined;
  const operation = model.operations.get(selected);
  return operation && {operation, watch: watches.get(selected), watchProblem: watchProblems.get(selected)};
}

function showAll(): void {
  showList(model, selected, elements.filter.value, select);
  showDetail(selectedDetail());
}

function select(key: number): void {
  selected = key;
  showAll();
}

async function post(path: string): Promise<unknown> {
  try {
    const response = await fetch(`/console/operations/${path}`, {method: 'POST'});
    if (!response.ok) announce(await response.text());
    return response.status === 201 ? await response.json() : undefined;
  } catch {
    showConnection('closed', 'The emulator does not answer');
    return undefined;
  }
}

async function add(kind: 'by-hand' | 'by-script'): Promise<void> {
  const added = await post(kind);
  if (typeof added !== 'object' || added === null || !('key' in added) || typeof added.key !== 'number') return;
  const {key} = added;
  // The event may arrive after the answer.
  if (model.operations.has(key)) select(key);
  else selected = key;
}

function act(action: ActionName, button: HTMLButtonElement): void {
  if (selected === undefined || button.getAttribute('aria-disabled') === 'true') return;
  void post(`${selected}/${action}`);
}

async function copy(what: 'location' | 'command', button: HTMLElement): Promise<void> {
  const view = selectedDetail()?.operation.view;
  if (view === undefined) return;
  try {
    await navigator.clipboard.writeText(what === 'location' ? view.location : commandFor(view));
    announce(`Copied the ${what}`);
    showCopied(button);
  } catch {
    announce(`The browser does not let this page copy the ${what}`);
  }
}

async function toggleWatch(): Promise<void> {
  const detail = selectedDetail();
  if (detail === undefined) return;
  const {key, location, bearer} = detail.operation.view;
  if (detail.watch?.active === true) {
    detail.watch.stop();
    return;
  }
  if ([...watches.values()].filter(({active}) => active).length >= maximumWatches) {
    watchProblems.set(key, `This page watches ${maximumWatches} operations already.`);
    return showAll();
  }
  watchProblems.delete(key);
  try {
    const watch = await watchOperation(location, bearer ? model.token : undefined, () => onWatchChange(key));
    watches.set(key, watch);
    // Watches that have ended are limited in number like the operations.
    if (watches.size > limits.operations) watches.delete([...watches.keys()][0] ?? key);
  } catch (error) {
    watchProblems.set(key, `The library cannot be loaded: ${error instanceof Error ? error.message : error}`);
  }
  showAll();
}

function onWatchChange(key: number): void {
  if (key !== selected) return;
  const watch = watches.get(key);
  if (watch?.active === false) announce(`The watch in this page ended: ${watch.entries.at(-1)?.type ?? ''}`);
  showDetail(selectedDetail());
}

elements.newByHand.addEventListener('click', () => void add('by-hand'));
elements.newByScript.addEventListener('click', () => void add('by-script'));
elements.watch.addEventListener('click', () => void toggleWatch());
elements.filter.addEventListener('input', showAll);
for (const {what, button} of copyButtons) button.addEventListener('click', () => void copy(what, button));
for (const {action, button} of actionButtons) button.addEventListener('click', () => act(action, button));
new ResizeObserver(() => showDetail(selectedDetail())).observe(elements.timeline);
// The timeline moves on even when nothing happens, unless the user prefers reduced motion.
setInterval(() => {
  const detail = selectedDetail();
  if (detail === undefined || document.hidden) return;
  showEstimate(detail.operation.view, detail.watch);
  if (reducedMotion.matches) return;
  if (isActive(detail.operation.view.status, detail.watch)) showTimeline(detail.operation, detail.watch);
}, 1000);
listen();
