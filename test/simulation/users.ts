import type {Operation, OperationPoller, OperationStatus} from 'operation-poller';
import {type Facts, ranks} from './facts.ts';
import type {World} from './world.ts';

/** What a user's own listener throws. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

const statuses: readonly OperationStatus[] = ['notStarted', 'running', 'succeeded', 'failed', 'canceled'];

/** A poller that is used, and whether it is still the one of its operation. */
interface Used {
  readonly poller: OperationPoller;
  readonly facts: Facts;
  readonly isCurrent: () => boolean;
}

/** Those who use pollers in other ways than the application does. */
export class Users {
  readonly #world: World;
  /** Those who wait for something. */
  readonly #waiting = new Map<object, {readonly what: string; readonly used: Omit<Used, 'poller'>}>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Listeners that are added here come before the application's own. */
  use(poller: OperationPoller, facts: Facts, isCurrent: () => boolean): void {
    const used: Used = {poller, facts, isCurrent};
    for (const way of this.#world.plan.ways) {
      if (way === 'waits') void this.#wait(used);
      else if (way === 'throws') this.#throw(used);
      else if (way === 'unsubscribes') this.#unsubscribe(used);
      else void this.#loop(used, way === 'leaves the loop');
    }
  }

  /** Waits for the new password of a reset. */
  waitForPassword(facts: Facts, isCurrent: () => boolean, newPassword: () => Promise<string>): void {
    const waiting = {};
    this.#waiting.set(waiting, {what: 'newPassword()', used: {facts, isCurrent}});
    const over = (password: string | undefined, error?: unknown): void => {
      this.#waiting.delete(waiting);
      if (!isCurrent()) return;
      this.#world.happen({is: 'password', operation: facts.operation, password, error});
      this.#world.reaches('await');
    };
    newPassword().then(
      (password) => over(password),
      (error: unknown) => over(undefined, error),
    );
  }

  /** Who still waits for something though the watch is over; `undefined`: nobody. */
  unsettled(): string | undefined {
    for (const {what, used} of this.#waiting.values()) {
      if (!used.isCurrent()) continue;
      if (!used.facts.isWatched) return `${what} of op-${used.facts.operation} waits, though the watch is over`;
    }
    return undefined;
  }

  async #wait(used: Used): Promise<void> {
    const {seed} = this.#world.plan;
    const status = statuses[(seed + used.facts.operation) % statuses.length] ?? 'running';
    const waiting = this.#waits(used, `waitFor('${status}')`);
    let operation: Operation;
    try {
      operation = await used.poller.waitFor(status);
    } catch (error) {
      await this.#endsAsTheResult(used, waiting, error);
      return;
    }
    this.#waiting.delete(waiting);
    if (!used.isCurrent()) return;
    const isLater = (ranks[operation.status] ?? -1) > (ranks[status] ?? -1);
    if (operation.status !== status && !isLater) this.#world.broken(`waitFor('${status}') gives ${operation.status}`);
    this.#gives(used, operation);
  }

  async #loop(used: Used, leaves: boolean): Promise<void> {
    const waiting = this.#waits(used, 'a loop');
    let last: Operation | undefined;
    let count = 0;
    let thrown: unknown;
    try {
      for await (const operation of used.poller) {
        if (!used.isCurrent()) return;
        if (operation.status === last?.status && operation.percentComplete === last.percentComplete) {
          this.#world.broken(`a loop gets ${operation.status} twice`);
        }
        last = operation;
        this.#gives(used, operation);
        count += 1;
        if (leaves && count === 2) {
          this.#waiting.delete(waiting);
          return;
        }
      }
    } catch (error) {
      thrown = error;
    }
    await this.#endsAsTheResult(used, waiting, thrown);
    const {outcome} = used.facts;
    if (!used.isCurrent() || outcome === undefined || ranks[outcome.is] !== 2 || last?.status === outcome.is) return;
    this.#world.broken(`a loop ends after ${last?.status}, the operation as ${outcome.is}`);
  }

  #throw({poller, isCurrent}: Used): void {
    poller.on('*', () => {
      if (!isCurrent() || !this.#world.time.isProcessAlive) return;
      this.#world.thrown += 1;
      throw new UserError('a listener that throws');
    });
  }

  #unsubscribe({poller, isCurrent}: Used): void {
    let count = 0;
    const check = (): void => {
      if (count > 2 && isCurrent()) this.#world.broken('a listener that was removed is called');
    };
    const first = poller.on('*', () => {
      check();
      count += 1;
      if (count < 2) return;
      first.unsubscribe();
      second.unsubscribe();
      count += 1;
    });
    const second = poller.on('*', check);
  }

  #waits(used: Used, what: string): object {
    const waiting = {};
    this.#waiting.set(waiting, {what, used});
    return waiting;
  }

  /** The user's own code goes on. */
  #gives({facts, isCurrent}: Used, {status}: Operation): void {
    const rank = ranks[status] ?? -1;
    if (isCurrent() && rank > facts.rankSaid) this.#world.broken(`a user gets ${status}, which the service never said`);
    this.#world.reaches('await');
  }

  /** @param error `undefined`: there was none */
  async #endsAsTheResult({poller, isCurrent}: Used, waiting: object, error: unknown): Promise<void> {
    const {time} = this.#world;
    const at = time.now;
    const ofResult: unknown = await poller.result().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    this.#waiting.delete(waiting);
    if (isCurrent() && time.now > at) this.#world.broken(`a user gets ${String(error)} while watching goes on`);
    // The operation that succeeded never reaches another end.
    const isOtherEnd = ofResult === undefined && error instanceof Error && error.name === 'OperationError';
    if (isCurrent() && error !== ofResult && !isOtherEnd) {
      this.#world.broken(`a user gets ${String(error)}, and the result is ${String(ofResult)}`);
    }
  }
}
