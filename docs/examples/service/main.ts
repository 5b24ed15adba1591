// Runs the service: on a tracker in the folder STATE, or, where REDIS_URL is set, on a queue.
import {join} from 'node:path';
import {createGraphClient} from 'operation-poller/graph';
import {pino} from 'pino';
import {openEnds} from './ends.ts';
import {openResets as openQueuedResets} from './queued-resets.ts';
import {openResets} from './resets.ts';
import {createService} from './service.ts';

const {GRAPH_ROOT, PORT = '3000', REDIS_URL, STATE = 'state'} = process.env;
const log = pino();

const service = await createService({
  // In production a credential of @azure/identity: a string expires.
  client: createGraphClient({root: GRAPH_ROOT, token: () => required('GRAPH_TOKEN')}),
  openResets: REDIS_URL === undefined ? openResets : openQueuedResets,
  place: REDIS_URL ?? join(STATE, 'resets'),
  ends: await openEnds(join(STATE, 'ends')),
  notify: async (id, message) => {
    const headers = {'content-type': 'application/json', 'idempotency-key': id};
    const {ok, status} = await fetch(required('NOTIFY_URL'), {method: 'POST', headers, body: JSON.stringify(message)});
    if (!ok) throw new Error(`the message was answered ${status}`);
  },
  webhookSecret: required('WEBHOOK_SECRET'),
  log,
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void service.close().catch((error) => log.error(error)));
}
await service.listen({port: Number(PORT)});

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}
