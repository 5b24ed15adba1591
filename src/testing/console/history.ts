import type {Answer} from '../answer.ts';
import type {ScriptedOperation} from '../emulated-operation.ts';
import type {GraphRequest} from '../graph-request.ts';
import type {OperationChange} from '../operation-change.ts';
import {httpOf} from '../step-answer.ts';
import type {Entry, EntryAnswer, Message, NextAnswer, OperationView, Story} from './wire.ts';
import {limits} from './wire.ts';

interface Kept {
  readonly key: number;
  readonly operation: ScriptedOperation;
  readonly addedAt: number;
  readonly entries: Entry[];
  status: string;
  body: string;
}

/** What happened to the latest operations of an emulator: as much as a page shows, and no more. */
export class History {
  readonly #kept = new Map<ScriptedOperation, Kept>();
  readonly #isOwn: (authorization: string | undefined) => boolean;
  #latestKey = 0;

  /** @param isOwn whether a request with this `Authorization` comes from a page of the console */
  constructor(isOwn: (authorization: string | undefined) => boolean) {
    this.#isOwn = isOwn;
  }

  /** Keeps a change; what a page is to be told of it, or `undefined` if it is about an operation that was dropped. */
  keep(change: OperationChange): Message | undefined {
    const {operation, at} = change;
    const kept = change.type === 'added' ? this.#add(operation, at) : this.#kept.get(operation);
    if (kept === undefined) return undefined;
    const {status} = operation;
    const changed = status !== kept.status;
    kept.status = status;
    if (change.type === 'answered') kept.body = change.answer.text.slice(0, limits.body);
    const entry: Entry = {
      at,
      kind: change.type,
      status,
      changed,
      next: nextOf(operation, at),
      ...(change.type === 'answered' && {answer: this.#answerOf(change.request, change.answer)}),
    };
    kept.entries.push(entry);
    if (kept.entries.length > limits.entries) kept.entries.shift();
    return {type: 'one', view: viewOf(kept, at), entry};
  }

  /** Everything that is kept, the oldest operation first. */
  stories(now: number): readonly Story[] {
    return [...this.#kept.values()].map((kept) => ({view: viewOf(kept, now), entries: kept.entries}));
  }

  /** The operation with this key, if it is still kept. */
  find(key: number): ScriptedOperation | undefined {
    for (const kept of this.#kept.values()) if (kept.key === key) return kept.operation;
    return undefined;
  }

  /** The key of an operation that is kept. */
  keyOf(operation: ScriptedOperation): number | undefined {
    return this.#kept.get(operation)?.key;
  }

  #add(operation: ScriptedOperation, addedAt: number): Kept {
    this.#latestKey += 1;
    const {status} = operation;
    const kept: Kept = {key: this.#latestKey, operation, addedAt, entries: [], status, body: ''};
    this.#kept.set(operation, kept);
    // A map keeps the order of addition, so the first one is the oldest.
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= limits.operations) break;
      this.#kept.delete(oldest);
    }
    return kept;
  }

  /** No token, no body of a request and no header but `Retry-After` is kept. */
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

function viewOf({key, operation, addedAt, body}: Kept, now: number): OperationView {
  const {id, userId, location, bearer, status, polls} = operation;
  return {key, id, userId, location, bearer, addedAt, status, polls, next: nextOf(operation, now), body};
}

function nextOf(operation: ScriptedOperation, now: number): NextAnswer {
  const due = operation.due(now);
  return {
    status: due.status ?? operation.status,
    http: now < operation.visibleAt ? 404 : httpOf(due, 200),
    ...(due.fault !== undefined && {fault: due.fault}),
  };
}
