import {OperationError} from 'operation-poller';
import type {EndedRecord, outcomeOf} from 'operation-poller/runner';
import type {SeenOutcome, World} from './world.ts';

/** What is added with each operation. */
export interface DataOfRecord {
  readonly of: number;
}

/** The application's `onEnd`. */
export class HandOvers {
  readonly #world: World;
  readonly #counts = new Map<number, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Is called with an end, and resolves or rejects as its plan says. */
  handOver(operation: number, {id, key, outcome, data}: EndedRecord<DataOfRecord>): Promise<void> {
    const {plan, time} = this.#world;
    const number = this.#counts.get(operation) ?? 0;
    this.#counts.set(operation, number + 1);
    const isOurs = key === `op-${operation}` && data?.of === operation;
    this.#world.happen({is: 'hand over', operation, id, isOurs, outcome: seenOutcome(outcome)});
    const how = plan.operations[operation]?.handOvers[number] ?? 'resolves';
    this.#world.count(`onEnd ${how}`);
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        if (this.#world.reaches('await')) return;
        if (how.startsWith('rejects')) {
          this.#world.happen({is: 'turn lost', operation});
          reject(new Error('not today'));
        } else {
          this.#world.happen({is: 'handed over', operation});
          resolve();
        }
      };
      if (how.endsWith('later')) time.after(1200, settle, 'application');
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
