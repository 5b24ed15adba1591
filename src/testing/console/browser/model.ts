import type {Message, OperationHistory} from '../wire.ts';
import {limits} from '../wire.ts';

/** What the page knows of the emulator. */
export interface Model {
  readonly emulator: string;
  readonly token: string;
  /** By key, the oldest first. */
  readonly operations: ReadonlyMap<number, OperationHistory>;
}

export const emptyModel: Model = {emulator: '', token: '', operations: new Map()};

/** The model after a message. Pure. */
export function applyMessage(model: Model, message: Message): Model {
  if (message.type === 'snapshot') {
    const {emulator, token} = message;
    return {emulator, token, operations: new Map(message.operations.map((each) => [each.view.key, each]))};
  }
  const {view, entry} = message;
  const entries = [...(model.operations.get(view.key)?.entries ?? []), entry].slice(-limits.entries);
  const operations = new Map(model.operations).set(view.key, {view, entries});
  for (const oldest of operations.keys()) {
    if (operations.size <= limits.operations) break;
    operations.delete(oldest);
  }
  return {...model, operations};
}
