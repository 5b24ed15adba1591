// A user's program in TypeScript, type-checked only: without Node's types and with the declarations of every library checked.
import {type Operation, operationMachine, pollOperation, protocols, schedules} from 'operation-poller';
import {createOperationClient, type StartedOperation} from 'operation-poller/client';
import {createActor, setup} from 'xstate';

export async function watch(location: string, signal: AbortSignal): Promise<Operation> {
  const poller = pollOperation(location, {schedule: schedules.fixed(10), signal});
  for await (const operation of poller) {
    const status: Operation['status'] = operation.status;
    console.log(status);
  }
  // @ts-expect-error a location is text
  pollOperation(1);
  return poller.result();
}

export function start(root: string, key: string): Promise<StartedOperation> {
  const client = createOperationClient({root, headers: {'x-api-key': key}});
  return client.start(protocols.longRunning, {method: 'PUT', path: '/exports/1', body: {format: 'csv'}});
}

export const machine = setup({actors: {operation: operationMachine}}).createMachine({});
export const actor = createActor(machine);
