// The main use case from end to end: start a password reset, watch it, see it end. `npm run quickstart` runs this against
// the built-in emulator; against Microsoft Graph, only the root and the token differ.
import {pollOperation, readRetryAfter, schedules} from 'operation-poller';
import {startGraphEmulator} from 'operation-poller/testing';

// The operation that Graph's documentation shows, with its odd dates and an id that is not a GUID.
const documented = {
  id: '2d497bb-57bd-47a6-8749-5ccd0869f2bd',
  createdDateTime: '2020-03-19T12-01-03.45Z',
  lastActionDateTime: '2020-03-19T12-01-04.23Z',
};
const emulator = await startGraphEmulator({
  retryAfter: 0.5,
  script: [
    {status: 'notStarted', fields: documented},
    {status: 'running', fields: documented},
    {http: 429, retryAfter: 1},
    {status: 'running', fields: documented},
    {status: 'succeeded', detail: 'ResetSuccess', fields: documented},
  ],
});

const started = Date.now();
const say = (text: string): void => console.log(`${String(Date.now() - started).padStart(5)} ms  ${text}`);

const token = 'an-access-token';
const password = '28c10230-6103-485e-b985-444c60001490'; // the id of the password method, the same for everyone
const url = `${emulator.root}/v1.0/users/adele@contoso.com/authentication/methods/${password}/resetPassword`;

try {
  const response = await fetch(url, {
    method: 'POST',
    headers: {authorization: `Bearer ${token}`, 'content-type': 'application/json'},
    body: JSON.stringify({newPassword: 'a-new-password'}),
  });
  await response.body?.cancel();
  const location = response.headers.get('location');
  if (response.status !== 202 || location === null) throw new Error(`not started: ${response.status}`);
  say(`POST resetPassword       ${response.status}, the operation is at`);
  console.log(`          ${location}`);

  const poller = pollOperation(location, {
    token,
    initialDelay: readRetryAfter(response.headers),
    schedule: schedules.exponential({initial: 300, factor: 1.5, max: 2000, jitter: 'equal'}),
  });
  poller.on('waiting', ({delay, because}) => say(`  wait ${delay} ms (${because})`));
  poller.on('retrying', ({error}) =>
    say(`  throttled: ${error.httpStatus} ${error.code}, the operation is still ${poller.status}`),
  );
  for (const status of ['notStarted', 'running', 'succeeded', 'failed', 'canceled'] as const) {
    poller.on(status, ({attempt}) => say(`${status.padEnd(10)} at poll ${attempt}`));
  }

  const operation = await poller.result();
  say('the operation:');
  console.log(operation);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await emulator.stop();
}
