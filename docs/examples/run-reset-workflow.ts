// Runs the workflow of reset-workflow.ts and provides its side effects.
import {operationMachine, readRetryAfter, schedules, watchOperation} from 'operation-poller';
import {startGraphEmulator} from 'operation-poller/testing';
import {createActor, fromPromise, toPromise} from 'xstate';
import {resetWorkflow, type Started} from './reset-workflow.ts';

// Stands in for Microsoft Graph.
await using emulator = await startGraphEmulator({token: 'an-access-token', retryAfter: 0.01});

const token = (): string => 'an-access-token';
const passwordMethod = '28c10230-6103-485e-b985-444c60001490'; // the same for everyone

async function resetPassword(userId: string, signal: AbortSignal): Promise<Started> {
  const methods = `${emulator.root}/v1.0/users/${encodeURIComponent(userId)}/authentication/methods`;
  const response = await fetch(`${methods}/${passwordMethod}/resetPassword`, {
    method: 'POST',
    headers: {authorization: `Bearer ${token()}`, 'content-type': 'application/json'},
    body: JSON.stringify({newPassword: 'a-new-password'}),
    signal,
  });
  await response.body?.cancel();
  const location = response.headers.get('location');
  if (response.status !== 202 || location === null) throw new Error(`not started: ${response.status}`);
  return {location, initialDelay: readRetryAfter(response.headers)};
}

const workflow = resetWorkflow.provide({
  actors: {
    resetPassword: fromPromise(({input, signal}) => resetPassword(input.userId, signal)),
    // Token and schedule are passed here and not in the input: they are not part of the workflow's state.
    operation: operationMachine.provide({actors: {watch: watchOperation({token, schedule: schedules.fixed(10)})}}),
    notify: fromPromise(async ({input}) => console.log(`mail to ${input.userId}: your password was reset`)),
    escalate: fromPromise(async ({input}) => console.log(`ticket for ${input.userId}: ${input.problem}`)),
  },
});

const actor = createActor(workflow, {input: {userId: 'adele@contoso.com'}});
actor.subscribe(({value}) => console.log(value));
actor.start();
await toPromise(actor);
