import {likeLongRunning} from '../long-running.ts';
import type {ProtocolFields} from '../protocol.ts';

/**
 * Attack simulation training: an
 * [`attackSimulationOperation`](https://learn.microsoft.com/graph/api/resources/attacksimulationoperation), a
 * `longRunningOperation` with progress.
 */
export const attackSimulation: ProtocolFields = likeLongRunning({
  name: 'graph.attackSimulation',
  pathsUnderRoot: true,
  percentComplete: '/percentageCompleted',
});
