import type {PollOptions} from '../options/poll-options.ts';

/**
 * The options of a machine's input on their way to the `watch` actor. They hold the token, and actors show and store their
 * input, so they are kept in a private field. A stored snapshot contains nothing of them.
 */
export class WatchInput {
  readonly #options: PollOptions;

  constructor(options: PollOptions) {
    this.#options = options;
  }

  /** The options of an input; empty for anything else, as after a restart from a stored snapshot. */
  static optionsOf(input: unknown): PollOptions {
    return typeof input === 'object' && input !== null && #options in input ? input.#options : {};
  }

  toJSON(): undefined {
    return undefined;
  }
}
