import type {Answer} from '../answer.ts';
import type {OperationChange, ScriptedOperation} from '../emulated-operation.ts';
import type {GraphRequest} from '../graph-request.ts';
import {httpOf} from '../step-answer.ts';
import type {Entry, EntryAnswer, Message, NextAnswer, OperationHistory, OperationView} from './wire.ts';
import {limits} from './wire.ts';

interface Item {
  readonly key: number;
  readonly operation: ScriptedOperation;
  readonly addedAt: number;
  readonly entries: Entry[];
  status: string;
  body: string;
}

/** What happened to the latest operations of an emulator, bounded to what a page shows. */
export class History {
  readonly #items = new Map<ScriptedOperation, Item>();
  readonly #isOwn: (authorization: string | undefined) => boolean;
  #latestKey = 0;

  /** @param isOwn whether a request with this `Authorization` comes from a page of the console */
  constructor(isOwn: (authorization: string | undefined) => boolean) {
    this.#isOwn = isOwn;
  }

  /** Adds a change. Returns the message to the pages, or `undefined` if the operation has been dropped. */
  add(change: OperationChange): Message | undefined {
    const {operation, at} = change;
    const item = change.type === 'added' ? this.#addItem(operation, at) : this.#items.get(operation);
    if (item === undefined) return undefined;
    const {status} = operation;
    const changed = status !== item.status;
    item.status = status;
    if (change.type === 'answered') item.body = change.answer.text.slice(0, limits.body);
    const entry: Entry = {
      at,
      kind: change.type,
      status,
      changed,
      next: nextOf(operation, at),
      ...(change.type === 'answered' && {answer: this.#answerOf(change.request, change.answer)}),
    };
    item.entries.push(entry);
    if (item.entries.length > limits.entries) item.entries.shift();
    return {type: 'update', view: viewOf(item, at), entry};
  }

  /** All operations that have not been dropped, the oldest first. */
  snapshot(now: number): readonly OperationHistory[] {
    return [...this.#items.values()].map((item) => ({view: viewOf(item, now), entries: item.entries}));
  }

  /** The operation with this key, unless it has been dropped. */
  find(key: number): ScriptedOperation | undefined {
    for (const item of this.#items.values()) if (item.key === key) return item.operation;
    return undefined;
  }

  keyOf(operation: ScriptedOperation): number | undefined {
    return this.#items.get(operation)?.key;
  }

  #addItem(operation: ScriptedOperation, addedAt: number): Item {
    this.#latestKey += 1;
    const {status} = operation;
    const item: Item = {key: this.#latestKey, operation, addedAt, entries: [], status, body: ''};
    this.#items.set(operation, item);
    // A map keeps the order of insertion, so the first operation is the oldest.
    for (const oldest of this.#items.keys()) {
      if (this.#items.size <= limits.operations) break;
      this.#items.delete(oldest);
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
