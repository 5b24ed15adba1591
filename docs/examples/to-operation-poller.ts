// The same watch with this library: for docs/coming-from.md.
import {type Operation, pollOperation, schedules} from 'operation-poller';

export async function watchOperationAt(location: string, token: string, signal?: AbortSignal): Promise<Operation> {
  const poller = pollOperation(location, {token: () => token, schedule: schedules.fixed(10), signal});
  poller.on('running', ({operation}) => console.log(operation.status));
  return await poller.result();
}
