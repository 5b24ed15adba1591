// The main use case from end to end: start a password reset, watch it, tell the user when it is over. `npm run quickstart` runs this
// against the built-in emulator; against Microsoft Graph, only the root and the token differ.
import {schedules} from 'operation-poller';
import {createGraphClient} from 'operation-poller/graph';
import {startGraphEmulator} from 'operation-poller/testing';
import {createOperationTracker} from 'operation-poller/tracker';

const emulator = await startGraphEmulator({
  retryAfter: 0.5,
  script: [
    'notStarted',
    'running',
    {http: 429, retryAfter: 1},
    'running',
    {status: 'succeeded', detail: 'ResetSuccess'},
  ],
});
const startedAt = Date.now();
const say = (text: string): void => console.log(`${String(Date.now() - startedAt).padStart(5)} ms  ${text}`);

const graph = createGraphClient({root: emulator.root, token: 'an-access-token'});
let onMailed = (): void => {};
const mailed = new Promise<void>((resolve) => {
  onMailed = resolve;
});
const tracker = await createOperationTracker<{mail: string}>({
  client: graph,
  schedule: schedules.exponential({initial: 300}),
  // With `store: fileStore('resets')`, of operation-poller/node, each is watched on after a restart.
  onEnd: ({outcome: {status}, data}) => {
    say(`a mail to ${data?.mail}: your password reset has ${status}`);
    onMailed();
  },
});
for (const status of ['notStarted', 'running', 'succeeded', 'failed', 'canceled'] as const) {
  tracker.on(status, ({attempt}) => say(`${status.padEnd(10)} at poll ${attempt}`));
}
tracker.on('retrying', ({error, operation}) => say(`throttled: ${error.httpStatus}, it is still ${operation?.status}`));
tracker.on('waiting', ({delay, because}) => say(`  wait ${delay} ms (${because})`));

try {
  const reset = await graph.resetPassword('adele@contoso.com', {newPassword: 'a-new-password'});
  if (!reset.confirmed) throw new Error('accepted, but whether it succeeds is unknown');
  const tracked = await tracker.add(reset.poller, {data: {mail: 'adele@contoso.com'}});
  say(`the operation is at ${tracked.key}`);
  console.log(await tracked.result());
  await mailed;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await tracker.close();
  await emulator.stop();
}
