import {jest} from '@jest/globals';
import {beginning} from './core.ts';

/** What happens to a machine right after one of its clocks was read. */
export interface Incident {
  /** After which read, from 1. */
  readonly after: number;
  /** For how long the process stands still, in milliseconds. */
  readonly stall?: number;
  /** By how much the wall clock is set, in milliseconds. */
  readonly set?: number;
}

/** A machine whose clocks are read instead of the real ones, until `jest.restoreAllMocks()`. */
export class SimulatedClock {
  /** The true time, in milliseconds since 1970. */
  time: number = beginning;
  /** How far the wall clock is ahead of it. */
  wallAhead = 0;
  /** When a clock was last read. */
  readAt: number = beginning;
  #reads = 0;
  #incident: Incident | undefined;

  constructor() {
    jest.spyOn(Date, 'now').mockImplementation(() => this.#read(Math.floor(this.time + this.wallAhead)));
    jest.spyOn(performance, 'now').mockImplementation(() => this.#read(this.time - beginning));
  }

  /** From now on, reads count from 1. */
  plan(incident: Incident): void {
    this.#reads = 0;
    this.#incident = incident;
  }

  #read(value: number): number {
    this.#reads += 1;
    this.readAt = this.time;
    if (this.#reads === this.#incident?.after) {
      this.time += this.#incident.stall ?? 0;
      this.wallAhead += this.#incident.set ?? 0;
    }
    return value;
  }
}
