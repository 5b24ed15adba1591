import {likeLongRunning} from '../long-running.ts';
import type {Protocol} from '../protocol.ts';

/**
 * Attack simulation training: an
 * [`attackSimulationOperation`](https://learn.microsoft.com/graph/api/resources/attacksimulationoperation), a
 * `longRunningOperation` with progress.
 */
export const attackSimulation: Protocol = likeLongRunning({
  name: 'graph.attackSimulation',
  pathsUnderRoot: true,
  percentComplete: '/percentageCompleted',
});
