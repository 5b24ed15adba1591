import {OperationError} from 'operation-poller';
import {type EndedRecord, type OperationRecord, outcomeOf} from 'operation-poller/runner';
import type {SeenOutcome} from './happenings.ts';
import type {World} from './world.ts';

/** What is added with each operation. */
export interface DataOfRecord {
  readonly of: number;
}

/** The application's `onEnd`. */
export class HandOvers {
  readonly #world: World;
  readonly #counts = new Map<number, number>();
  /** The calls that have not been answered yet. */
  readonly #underWay = new Set<{readonly operation: number}>();

  constructor(world: World) {
    this.#world = world;
  }

  /** How many calls have not been answered yet. */
  get underWay(): number {
    return this.#underWay.size;
  }

  /** Nobody waits for them any more: what they took is handed over again. */
  leaveBehind(): void {
    for (const {operation} of this.#underWay) this.#world.happen({is: 'turn lost', operation});
    this.#underWay.clear();
  }

  /** Is called with an end, and resolves or rejects as its plan says. */
  handOver(operation: number, {id, key, outcome, data, signal}: EndedRecord<DataOfRecord>): Promise<void> {
    const {time} = this.#world;
    const number = this.#counts.get(operation) ?? 0;
    this.#counts.set(operation, number + 1);
    const isOurs = key === `op-${operation}` && data?.of === operation;
    this.#world.happen({is: 'hand over', operation, id, isOurs, outcome: seenOutcome(outcome)});
    const how = this.#world.factsOf(operation).planned.handOvers[number] ?? 'resolves';
    this.#world.count(`onEnd ${how}`);
    if (signal.aborted) this.#world.broken('onEnd is called though its signal has aborted');
    const call = {operation};
    this.#underWay.add(call);
    let isSettled = false;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        if (isSettled || this.#world.reaches('await')) return;
        isSettled = true;
        this.#underWay.delete(call);
        if (how.startsWith('rejects') || (how === 'heeds its signal' && signal.aborted)) {
          this.#world.happen({is: 'turn lost', operation});
          reject(new Error('not today'));
        } else {
          this.#world.happen({is: 'handed over', operation});
          resolve();
        }
      };
      if (how === 'heeds its signal') signal.addEventListener('abort', settle, {once: true});
      if (how.endsWith('later') || how === 'heeds its signal') time.after(1200, settle, 'application');
      else settle();
    });
  }
}

/** An outcome as invariants look at it. */
export function seenOutcome(outcome: NonNullable<ReturnType<typeof outcomeOf>>): SeenOutcome {
  const is = outcome.status === 'abandoned' ? outcome.reason : outcome.status;
  const error = 'error' in outcome && outcome.error instanceof OperationError ? outcome.error : undefined;
  return {is, operation: outcome.operation, whole: outcome, message: error?.message};
}

/** Tells the world of an end that is in a record now. */
export function tellEnd(world: World, operation: number, record: OperationRecord): void {
  const outcome = outcomeOf(record);
  if (outcome === undefined) world.broken('a record that has ended has no outcome');
  else world.happen({is: 'over', operation, outcome: seenOutcome(outcome)});
}
