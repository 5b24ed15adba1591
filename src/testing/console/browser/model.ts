import {isLatest, limits, type Message, type OperationHistory} from '../wire.ts';

/** What the page knows of the emulator. */
export interface Model {
  readonly emulator: string;
  readonly token: string;
  /** How many operations there have been: the latest key. */
  readonly total: number;
  /** By key, the oldest first: the latest, and those that the page keeps. */
  readonly operations: ReadonlyMap<number, OperationHistory>;
}

export const emptyModel: Model = {emulator: '', token: '', total: 0, operations: new Map()};

/**
 * The model after a message. Pure.
 *
 * @param kept the keys of the operations that stay, however many newer ones there are: what somebody has selected never disappears
 */
export function applyMessage(model: Model, message: Message, kept: ReadonlySet<number>): Model {
  if (message.type === 'snapshot') {
    const {emulator, token} = message;
    const latest = message.operations.map((each) => [each.view.key, each] as const);
    const older = emulator === model.emulator ? [...model.operations].filter(([key]) => kept.has(key)) : [];
    // What is in both is taken from the message, and stays where it is.
    const operations = new Map([...older, ...latest]);
    return {emulator, token, total: latest.at(-1)?.[0] ?? 0, operations};
  }
  const {view, entry} = message;
  const total = Math.max(model.total, view.key);
  const known = model.operations.get(view.key);
  if (known === undefined && !isLatest(view.key, total)) return model;
  const entries = [...(known?.entries ?? []), entry].slice(-limits.entries);
  const body = view.body === '' ? (known?.view.body ?? '') : view.body;
  const operations = new Map(model.operations).set(view.key, {view: {...view, body}, entries});
  for (const key of operations.keys()) if (!isLatest(key, total) && !kept.has(key)) operations.delete(key);
  return {...model, total, operations};
}
