// All that are compared. A new one is a file beside this, and a line here.
import type {Contender} from './contender.ts';

/** A contender by its name. It is loaded where it runs, so that no other one is in that process's heap. */
export interface Entry {
  readonly name: string;
  /** A loop written by hand, another library, or this one. */
  readonly kind: 'bare' | 'peer' | 'ours';
  /** Whether its requests leave by global `fetch`, so that they can be answered in process where the network does not matter. */
  readonly overFetch: boolean;
  load(): Promise<{readonly contender: Contender}>;
}

/**
 * They take turns in this order. Those whose ratio has a target are near each other: the machine may be half as fast again ten
 * seconds later.
 */
export const contenders: readonly Entry[] = [
  {name: 'bare fetch', kind: 'bare', overFetch: true, load: () => import('./bare-fetch.ts')},
  {name: '@smithy/util-waiter', kind: 'peer', overFetch: true, load: () => import('./smithy-waiter.ts')},
  {name: 'p-wait-for', kind: 'peer', overFetch: true, load: () => import('./p-wait-for.ts')},
  {name: 'bare ky', kind: 'bare', overFetch: true, load: () => import('./bare-ky.ts')},
  {name: 'operation-poller', kind: 'ours', overFetch: true, load: () => import('./operation-poller.ts')},
  {name: '@azure/core-lro', kind: 'peer', overFetch: true, load: () => import('./core-lro.ts')},
  {name: 'operation-poller, leanHttp', kind: 'ours', overFetch: false, load: () => import('./lean.ts')},
  {name: 'operation-poller, $batch', kind: 'ours', overFetch: true, load: () => import('./graph-batch.ts')},
];

/** The packages that ours is made of, in a loop written by hand. It is for what a process takes that has just begun. */
export const sameParts: Entry = {
  name: 'ky, p-retry and xstate',
  kind: 'bare',
  overFetch: true,
  load: () => import('./same-parts.ts'),
};

/** The contender of that name. */
export function entryOf(name: string): Entry {
  const entry = [...contenders, sameParts].find((each) => each.name === name);
  if (entry === undefined) throw new Error(`no contender ${name}`);
  return entry;
}
