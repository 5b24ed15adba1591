import type {ServerResponse} from 'node:http';
import type {Message} from './wire.ts';

/** More pages than anybody looks at; each holds a connection. */
const maximumStreams = 16;

/** The open pages, each told of changes by server-sent events. They end with their connections, when the emulator stops at the latest. */
export class Streams {
  readonly #open = new Set<ServerResponse>();
  /** Those that have not read what they were told: they are told nothing until they have, and then everything. */
  readonly #behind = new Set<ServerResponse>();
  readonly #everything: () => Message;

  /** @param everything what a page is told first, and after it was behind */
  constructor(everything: () => Message) {
    this.#everything = everything;
  }

  get full(): boolean {
    return this.#open.size >= maximumStreams;
  }

  /** Begins to tell a page, whose headers are set. */
  open(response: ServerResponse): void {
    this.#open.add(response);
    response.once('close', () => {
      this.#open.delete(response);
      this.#behind.delete(response);
    });
    response.on('drain', () => {
      if (this.#behind.delete(response)) this.#write(response, this.#everything());
    });
    this.#write(response, this.#everything());
  }

  tell(message: Message): void {
    for (const response of this.#open) {
      // Memory must not grow because a page sleeps.
      if (response.writableNeedDrain) this.#behind.add(response);
      else this.#write(response, message);
    }
  }

  /** JSON has no line breaks of its own, so one line carries it whole. */
  #write(response: ServerResponse, message: Message): void {
    response.write(`data: ${JSON.stringify(message)}\n\n`);
  }
}
