import {randomUUID} from 'node:crypto';
import type {TestedRunner} from 'operation-poller/testing';
import {freePort} from '../../support/free-port.ts';
import {forkProgram} from '../../testing/runner-kit/fork-program.ts';
import {processRunner} from '../../testing/runner-kit/process-runner.ts';
import type {Restate} from './restate.ts';

/** A service on a Restate server, which may have others: a process of its own, with a workflow of its own name. */
export async function openRestate(restate: Restate): Promise<TestedRunner> {
  const name = `kit_${randomUUID().replaceAll('-', '')}`;
  const port = await freePort();
  const {node, ingress, admin} = restate;
  return processRunner({
    cannot: {
      severalInstances: 'a service has one address, and one process at a time listens there',
      clockAhead: 'there is no second instance whose clock could differ',
    },
    fork: (instance) => forkProgram('engines/restate/kit-process', {name, port, ingress, admin, instance}, node),
    stored: () => restate.recorded(`target_service_name = '${name}'`),
    remove: async () => {},
  });
}
