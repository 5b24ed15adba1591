import {monitorEventLoopDelay} from 'node:perf_hooks';
import {clearInterval, setInterval, setTimeout} from 'node:timers';

/** For how long a process did not get around to its events, as on a busy machine, in milliseconds. */
export interface Stalls {
  /** The longest stall. */
  readonly stall: number;
  /** The most that stalls, long ones and short ones, may have added to one turn. */
  readonly lost: number;
}

/** How often a process is checked for its longest stall, in milliseconds: what is measured includes it. */
const fine = 5;
/** How often it is checked for what stalls add up to, in milliseconds: so seldom that work of a few milliseconds does not count. */
const coarse = 50;
/** No turn that polls takes more rounds of the event loop; one that is short in itself is as late in each as a check. */
const roundsOfTurn = 10;

/** Measures the stalls of this process from now on, until it is stopped or nobody has it any more. */
export class StallMonitor {
  readonly #fine = monitorEventLoopDelay({resolution: fine});
  /** The stall before the first check, from which on the histogram measures. */
  #first = 0;
  readonly #lost = new LostTime();
  #checkedAt = performance.now();
  readonly #checks: NodeJS.Timeout;

  constructor() {
    this.#fine.enable();
    const begunAt = this.#checkedAt;
    setTimeout(() => {
      this.#first = performance.now() - begunAt;
    }, fine).unref();
    const monitor = new WeakRef(this);
    const checks = setInterval(() => {
      const checked = monitor.deref();
      if (checked === undefined) clearInterval(checks);
      else checked.#check();
    }, coarse).unref();
    this.#checks = checks;
  }

  /** The stalls so far. */
  look(): Stalls {
    return {stall: Math.max(this.#fine.max / 1e6, this.#first), lost: this.#lost.mostWith(this.#late())};
  }

  /** What comes from now on does not count. Returns the stalls so far. */
  stop(): Stalls {
    clearInterval(this.#checks);
    this.#fine.disable();
    return this.look();
  }

  #check(): void {
    this.#lost.add(this.#late());
    this.#checkedAt = performance.now();
  }

  /** By how much the next check is late, in milliseconds. */
  #late(): number {
    return Math.max(0, performance.now() - this.#checkedAt - coarse);
  }
}

/** The most that was lost within one turn. */
export class LostTime {
  /** By how much the checks within the last turn were late, in milliseconds. */
  readonly #late: number[] = [];
  #most = 0;

  /** @param late by how much a check was late, in milliseconds */
  add(late: number): void {
    this.#most = this.mostWith(late);
    this.#late.push(late);
    if (this.#late.length === roundsOfTurn) this.#late.shift();
  }

  /** The most that was lost within one turn, in milliseconds, if the next check is late by so much. */
  mostWith(late: number): number {
    return Math.max(
      this.#most,
      this.#late.reduce((sum, each) => sum + each, late),
    );
  }
}

/** The worst of several. */
export function worstOf(all: readonly Stalls[]): Stalls {
  return {stall: Math.max(...all.map(({stall}) => stall)), lost: Math.max(...all.map(({lost}) => lost))};
}
