// A user's program in TypeScript, type-checked only: without Node's types and with the declarations of every library checked.
import {type Operation, operationMachine, pollOperation, schedules} from 'operation-poller';
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

export const machine = setup({actors: {operation: operationMachine}}).createMachine({});
export const actor = createActor(machine);
