import type {ActionName} from '../wire.ts';

/** The states in the drawing of the machine. */
export type State = 'notStarted' | 'running' | 'succeeded' | 'failed' | 'canceled';

export const nodeSize = {width: 96, height: 38} as const;
export const machineSize = {width: 404, height: 188} as const;

export const nodes: ReadonlyArray<{readonly state: State; readonly x: number; readonly y: number}> = [
  {state: 'notStarted', x: 7, y: 75},
  {state: 'running', x: 148, y: 75},
  {state: 'succeeded', x: 301, y: 11},
  {state: 'failed', x: 301, y: 75},
  {state: 'canceled', x: 301, y: 139},
];

/** `path` is an SVG path. */
export const edges: ReadonlyArray<{readonly from: State; readonly to: State; readonly path: string}> = [
  {from: 'notStarted', to: 'running', path: 'M103 88H146'},
  {from: 'running', to: 'notStarted', path: 'M148 101H105'},
  {from: 'running', to: 'succeeded', path: 'M244 85C278 85 272 36 299 36'},
  {from: 'running', to: 'failed', path: 'M244 94H299'},
  {from: 'running', to: 'canceled', path: 'M244 103C278 103 272 152 299 152'},
  {from: 'notStarted', to: 'succeeded', path: 'M55 75C55 24 150 24 299 24'},
  {from: 'notStarted', to: 'failed', path: 'M70 113C94 142 250 142 299 106'},
  {from: 'notStarted', to: 'canceled', path: 'M55 113C55 164 150 164 299 164'},
];

/** Statuses of several families of operations, in lower case. */
const states: Readonly<Record<string, State>> = {
  notstarted: 'notStarted',
  waiting: 'notStarted',
  accepted: 'notStarted',
  running: 'running',
  inprogress: 'running',
  succeeded: 'succeeded',
  completed: 'succeeded',
  failed: 'failed',
  canceled: 'canceled',
  cancelled: 'canceled',
  skipped: 'canceled',
};

/** The state that a status stands for; if `undefined`, no state is highlighted and the status is shown as it is. */
export function stateOf(status: string): State | undefined {
  const key = status.toLowerCase();
  return Object.hasOwn(states, key) ? states[key] : undefined;
}

/** Whether an action makes sense for an operation with this status: nothing leaves a terminal state. */
export function isAvailable(action: ActionName, status: string): boolean {
  const state = stateOf(status);
  if (action === 'throttle' || action === 'lose' || action === 'forget') return true;
  if (action === 'start') return state === undefined || state === 'notStarted';
  return state === undefined || state === 'notStarted' || state === 'running';
}
