import type {Answer} from '../answer.ts';
import type {OperationChange, ScriptedOperation} from '../emulated-operation.ts';
import type {GraphRequest} from '../graph-request.ts';
import {httpOf} from '../step-answer.ts';
import {
  type Entry,
  type EntryAnswer,
  isLatest,
  limits,
  type Message,
  type NextAnswer,
  type OperationHistory,
  type OperationView,
} from './wire.ts';

interface Item {
  readonly key: number;
  readonly operation: ScriptedOperation;
  readonly addedAt: number;
  entries: Entry[];
  status: string;
  body: string;
}

/**
 * What happened to the operations of an emulator. The latest are kept with their entries, bounded to what a page shows; of the
 * others only the keys are, so that a page can go on with one that it shows.
 */
export class History {
  /** By key, which begins at 1. */
  readonly #items: Item[] = [];
  readonly #byOperation = new Map<ScriptedOperation, Item>();
  readonly #isOwn: (authorization: string | undefined) => boolean;

  /** @param isOwn whether a request with this `Authorization` comes from a page of the console */
  constructor(isOwn: (authorization: string | undefined) => boolean) {
    this.#isOwn = isOwn;
  }

  /** Adds a change. @returns the message to the pages */
  add(change: OperationChange): Message {
    const {operation, at} = change;
    const item = this.#byOperation.get(operation) ?? this.#addItem(operation, at);
    const {status} = operation;
    const changed = status !== item.status;
    item.status = status;
    const entry: Entry = {
      at,
      kind: change.type,
      status,
      changed,
      next: nextOf(operation, at),
      ...(change.type === 'answered' && {answer: this.#answerOf(change.request, change.answer)}),
    };
    const body = change.type === 'answered' ? change.answer.text.slice(0, limits.body) : item.body;
    if (isLatest(item.key, this.#items.length)) {
      item.body = body;
      item.entries.push(entry);
      if (item.entries.length > limits.entries) item.entries.shift();
    }
    return {type: 'update', view: {...viewOf(item, at), body}, entry};
  }

  /** The latest operations, the oldest of them first. */
  snapshot(now: number): readonly OperationHistory[] {
    return this.#items.slice(-limits.operations).map((item) => ({view: viewOf(item, now), entries: item.entries}));
  }

  find(key: number): ScriptedOperation | undefined {
    return this.#items[key - 1]?.operation;
  }

  keyOf(operation: ScriptedOperation): number | undefined {
    return this.#byOperation.get(operation)?.key;
  }

  #addItem(operation: ScriptedOperation, addedAt: number): Item {
    const {status} = operation;
    const key = this.#items.length + 1;
    const item: Item = {key, operation, addedAt, entries: [], status, body: ''};
    this.#items.push(item);
    this.#byOperation.set(operation, item);
    const dropped = this.#items[key - 1 - limits.operations];
    if (dropped !== undefined) {
      dropped.entries = [];
      dropped.body = '';
    }
    return item;
  }

  /** Contains no token, no request body and no header except `Retry-After`. */
  #answerOf({method, authorization}: GraphRequest, {http, headers, fault}: Answer): EntryAnswer {
    const retryAfter = headers['retry-after'];
    return {
      method,
      http,
      ...(retryAfter !== undefined && {retryAfter: String(retryAfter)}),
      ...(fault !== undefined && {fault}),
      here: this.#isOwn(authorization),
    };
  }
}

function viewOf({key, operation, addedAt, body}: Item, now: number): OperationView {
  const {id, userId, location, bearer, status, polls} = operation;
  return {key, id, userId, location, bearer, addedAt, status, polls, next: nextOf(operation, now), body};
}

function nextOf(operation: ScriptedOperation, now: number): NextAnswer {
  const step = operation.nextStep(now);
  return {
    status: step.status ?? operation.status,
    http: now < operation.visibleAt ? 404 : httpOf(step, 200),
    ...(step.fault !== undefined && {fault: step.fault}),
  };
}
