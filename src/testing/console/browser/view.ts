import {actionNames, type OperationHistory, type OperationView} from '../wire.ts';
import {drawMachine, drawTimeline} from './draw.ts';
import {isAvailable, stateOf} from './machine-view.ts';
import type {Model} from './model.ts';
import {layOut} from './timeline.ts';
import type {PageWatch} from './watch.ts';
import {countText, estimateOf, type Line, lineOf, nextText, watchLineOf} from './wording.ts';

// All that touches the page's elements. Content is set as text and attributes, never as HTML: ids and answers may contain anything.

/** The selected operation, as the page shows it. */
export interface Detail {
  readonly operation: OperationHistory;
  readonly watch: PageWatch | undefined;
  /** Why it could not be watched. */
  readonly watchProblem: string | undefined;
}

export const elements = {
  connection: elementOf('connection'),
  newByHand: elementOf('new-by-hand'),
  newByScript: elementOf('new-by-script'),
  operations: elementOf('operations'),
  none: elementOf('none'),
  count: elementOf('count'),
  filter: inputOf('filter'),
  unselected: elementOf('unselected'),
  detail: elementOf('detail'),
  title: elementOf('title'),
  status: elementOf('status'),
  location: elementOf('location'),
  machine: elementOf('machine'),
  next: elementOf('next'),
  watch: elementOf('watch'),
  watchText: elementOf('watch-text'),
  watchLog: elementOf('watch-log'),
  estimate: elementOf('estimate'),
  estimateText: elementOf('estimate-text'),
  timeline: elementOf('timeline'),
  log: elementOf('log'),
  body: elementOf('body'),
  announcer: elementOf('announcer'),
};

export const actionButtons = actionNames.flatMap((action) => {
  const button = document.querySelector<HTMLButtonElement>(`[data-action=${action}]`);
  return button === null ? [] : [{action, button}];
});

export const copyButtons = (['location', 'command'] as const).map((what) => ({
  what,
  button: elementOf(`copy-${what}`),
}));

/** For how long a button says that it has copied, in milliseconds. */
const copiedFor = 2000;

export function showCopied(button: HTMLElement): void {
  button.dataset['copied'] = 'true';
  setTimeout(() => delete button.dataset['copied'], copiedFor);
}

const operationButtons = new Map<number, HTMLButtonElement>();

function elementOf(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no #${id}`);
  return found;
}

function inputOf(id: string): HTMLInputElement {
  const found = elementOf(id);
  if (!(found instanceof HTMLInputElement)) throw new Error(`#${id} is no input`);
  return found;
}

export function showConnection(state: 'open' | 'closed', text: string): void {
  elements.connection.dataset['state'] = state;
  elements.connection.textContent = text;
}

/** Has screen readers speak a text. */
export function announce(text: string): void {
  elements.announcer.textContent = text;
}

/** @param filter what the id or the status has to contain; the selected operation is shown in any case */
export function showList(
  {operations, total}: Model,
  selected: number | undefined,
  filter: string,
  select: (key: number) => void,
): void {
  const wanted = filter.trim().toLowerCase();
  let shown = 0;
  for (const [key, button] of operationButtons) {
    if (operations.has(key)) continue;
    button.parentElement?.remove();
    operationButtons.delete(key);
  }
  for (const [key, {view}] of operations) {
    const button = operationButtons.get(key) ?? addToList(key, select);
    const [id, badge] = button.children;
    if (id !== undefined) setText(id, view.id);
    if (badge instanceof HTMLElement) showBadge(badge, view.status);
    button.setAttribute('aria-current', String(key === selected));
    const matches = `${view.id} ${view.status}`.toLowerCase().includes(wanted);
    if (matches) shown += 1;
    if (button.parentElement !== null) button.parentElement.hidden = !matches && key !== selected;
  }
  elements.none.hidden = operations.size > 0;
  elements.filter.hidden = operations.size < 2;
  setText(elements.count, countText(shown, operations.size, total));
}

function addToList(key: number, select: (key: number) => void): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  const [id, badge] = [document.createElement('span'), document.createElement('span')];
  id.className = 'id';
  badge.className = 'badge';
  button.append(id, badge);
  button.addEventListener('click', () => select(key));
  const item = document.createElement('li');
  item.append(button);
  elements.operations.prepend(item);
  operationButtons.set(key, button);
  return button;
}

function showBadge(badge: HTMLElement, status: string): void {
  setText(badge, status);
  badge.dataset['state'] = stateOf(status) ?? 'other';
}

export function showDetail(detail: Detail | undefined): void {
  elements.unselected.hidden = detail !== undefined;
  elements.detail.hidden = detail === undefined;
  if (detail === undefined) return;
  const {operation, watch} = detail;
  const {view, entries} = operation;
  setText(elements.title, view.id);
  showBadge(elements.status, view.status);
  setText(elements.location, view.location);
  setText(elements.next, `${nextText(view.next)} · ${view.polls} ${view.polls === 1 ? 'poll' : 'polls'} so far`);
  setText(elements.body, view.body === '' ? 'None yet.' : formatBody(view.body));
  showMachine(operation, watch);
  for (const {action, button} of actionButtons) {
    button.setAttribute('aria-disabled', String(!isAvailable(action, view.status)));
  }
  showWatch(detail);
  const lines = entries.map((entry) => lineOf(entry, view.addedAt));
  const watchLines = (watch?.entries ?? []).map((entry) => watchLineOf(entry, view.addedAt));
  showLog(elements.log, lines);
  showLog(elements.watchLog, watchLines);
  showTimeline(operation, watch);
}

function showMachine({view, entries}: OperationHistory, watch: PageWatch | undefined): void {
  const index = entries.findLastIndex(({changed, kind}) => changed && kind !== 'added');
  const seen = watch?.entries.at(-1)?.status;
  const watchText = watch === undefined ? '' : `; the watch in this page last saw ${seen ?? 'nothing'}`;
  elements.machine.replaceChildren(
    drawMachine({
      state: stateOf(view.status),
      previous: index < 1 ? undefined : stateOf(entries[index - 1]?.status ?? ''),
      seen: seen === undefined ? undefined : stateOf(seen),
      title: `The machine of the operation. It is ${view.status}${watchText}.`,
    }),
  );
}

function showWatch({operation, watch, watchProblem}: Detail): void {
  setText(elements.watch, watch === undefined ? 'Watch' : watch.active ? 'Stop watching' : 'Watch again');
  elements.watch.classList.toggle('primary', watch === undefined);
  setText(elements.watchText, watchProblem ?? watchText(watch));
  showEstimate(operation.view, watch);
}

/** Shows how long the operation is likely to go on; it moves on as time passes. */
export function showEstimate({addedAt}: OperationView, watch: PageWatch | undefined): void {
  const estimate = watch?.active === true ? estimateOf(watch.entries, addedAt, Date.now()) : undefined;
  elements.estimate.hidden = estimate === undefined;
  if (estimate === undefined) return;
  setText(elements.estimateText, estimate.text);
  elements.estimate.querySelector('progress')?.setAttribute('value', estimate.part.toFixed(3));
}

function watchText(watch: PageWatch | undefined): string {
  if (watch === undefined)
    return 'This page can poll the operation with operation-poller itself. Its polls take steps of the script.';
  const status = watch.entries.at(-1)?.status ?? 'nothing';
  return watch.active
    ? `Watching; it last saw ${status} (dashed in the machine).`
    : `The watch is over; it last saw ${status}.`;
}

/** Shows the latest line first; lines that are there already stay. */
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

export function showTimeline({view, entries}: OperationHistory, watch: PageWatch | undefined): void {
  const width = Math.round(elements.timeline.clientWidth);
  if (width === 0) return;
  const watched = watch?.entries ?? [];
  const latest = Math.max(entries.at(-1)?.at ?? 0, watched.at(-1)?.at ?? 0);
  const until = isActive(view.status, watch) ? Math.max(Date.now(), latest) : latest + 1000;
  elements.timeline.replaceChildren(drawTimeline(layOut({entries, watched, addedAt: view.addedAt, until, width})));
}

/** Whether the operation has not ended, or is still watched. */
export function isActive(status: string, watch: PageWatch | undefined): boolean {
  return watch?.active === true || !['succeeded', 'failed', 'canceled'].includes(stateOf(status) ?? '');
}

/** Leaves unchanged text alone, so that a reader's selection survives. */
function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function formatBody(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    return body;
  }
}
