import type {Message, Story} from '../wire.ts';
import {limits} from '../wire.ts';

/** What the page knows of the emulator. */
export interface Model {
  readonly emulator: string;
  readonly token: string;
  /** By key, the oldest first. */
  readonly stories: ReadonlyMap<number, Story>;
}

export const emptyModel: Model = {emulator: '', token: '', stories: new Map()};

/** What the page knows after a message. Pure. */
export function hear(model: Model, message: Message): Model {
  if (message.type === 'all') {
    const {emulator, token} = message;
    return {emulator, token, stories: new Map(message.stories.map((story) => [story.view.key, story]))};
  }
  const {view, entry} = message;
  const entries = [...(model.stories.get(view.key)?.entries ?? []), entry].slice(-limits.entries);
  const stories = new Map(model.stories).set(view.key, {view, entries});
  for (const oldest of stories.keys()) {
    if (stories.size <= limits.operations) break;
    stories.delete(oldest);
  }
  return {...model, stories};
}
