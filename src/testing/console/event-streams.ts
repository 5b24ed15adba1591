import type {ServerResponse} from 'node:http';
import type {Message} from './wire.ts';

/** How many pages can be open at once, more than anybody looks at; each holds a connection. */
const maximumStreams = 16;

/** Sends changes to the open pages by server-sent events. A stream ends with its connection, at the latest when the emulator stops. */
export class EventStreams {
  readonly #open = new Set<ServerResponse>();
  /** Pages that do not read fast enough: they get no updates until their buffer is empty, and then a new snapshot. */
  readonly #lagging = new Set<ServerResponse>();
  readonly #snapshot: () => Message;

  /** @param snapshot the first message to a page, and the next one after it has lagged */
  constructor(snapshot: () => Message) {
    this.#snapshot = snapshot;
  }

  get full(): boolean {
    return this.#open.size >= maximumStreams;
  }

  /** Starts to send to a page whose headers are written. */
  open(response: ServerResponse): void {
    this.#open.add(response);
    response.once('close', () => {
      this.#open.delete(response);
      this.#lagging.delete(response);
    });
    response.on('drain', () => {
      if (this.#lagging.delete(response)) this.#write(response, this.#snapshot());
    });
    this.#write(response, this.#snapshot());
  }

  send(message: Message): void {
    for (const response of this.#open) {
      // Memory must not grow because a page does not read.
      if (response.writableNeedDrain) this.#lagging.add(response);
      else this.#write(response, message);
    }
  }

  /** JSON contains no line breaks, so one line is enough. */
  #write(response: ServerResponse, message: Message): void {
    response.write(`data: ${JSON.stringify(message)}\n\n`);
  }
}
