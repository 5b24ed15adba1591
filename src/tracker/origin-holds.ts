import type {OriginHold} from '../runner/step-unless-held.ts';

/** The origins whose services asked for no requests for a while. */
export class OriginHolds {
  readonly #until = new Map<string, number>();

  /** Until when requests to a location are held back, in milliseconds since 1970; `undefined` where they are not. */
  until(location: string, now: number): number | undefined {
    // Nearly always nothing is held.
    if (this.#until.size === 0) return undefined;
    const {origin} = new URL(location);
    const until = this.#until.get(origin);
    if (until === undefined || until > now) return until;
    this.#until.delete(origin);
    return undefined;
  }

  add({origin, until}: OriginHold): void {
    this.#until.set(origin, Math.max(until, this.#until.get(origin) ?? 0));
  }
}
