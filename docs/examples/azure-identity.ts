// A password reset by the Graph client, its tokens from `@azure/identity`: one identity starts it, another one polls.
import type {AccessToken, GetTokenOptions, TokenCredential} from '@azure/identity';
import {OperationFailedError, OperationNotStartedError, schedules} from 'operation-poller';
import {createGraphClient} from 'operation-poller/graph';
import {startGraphEmulator} from 'operation-poller/testing';

// In place of Microsoft Graph: it refuses the app's first token, because the session was revoked, and wants the claims met.
await using emulator = await startGraphEmulator({
  token: ['admin-1', 'app-1', 'app-2'],
  retryAfter: 0.01,
  script: [
    'notStarted',
    {claims: {access_token: {nbf: {essential: true, value: '1700000000'}}}},
    'running',
    {status: 'succeeded', detail: 'ResetSuccess'},
  ],
});

// In place of, say, `new OnBehalfOfCredential({…})` for the administrator and `new ClientSecretCredential(…)` for the app.
class EmulatedCredential implements TokenCredential {
  readonly #name: string;
  #count = 0;

  constructor(name: string) {
    this.#name = name;
  }

  async getToken(scopes: string | string[], {claims}: GetTokenOptions = {}): Promise<AccessToken> {
    this.#count += 1;
    const scope = String(scopes).replace(emulator.root, '{root}');
    console.log(`${this.#name} token ${this.#count} for ${scope}${claims === undefined ? '' : `, with ${claims}`}`);
    return {token: `${this.#name}-${this.#count}`, expiresOnTimestamp: Date.now() + 3_600_000};
  }
}

const graph = createGraphClient({
  root: emulator.root, // absent: https://graph.microsoft.com
  startToken: new EmulatedCredential('admin'), // a password is reset by a signed-in administrator
  token: new EmulatedCredential('app'), // the polls may be the app's own
});

try {
  const reset = await graph.resetPassword('adele@contoso.com', {schedule: schedules.fixed(10)});
  if (reset.confirmed) {
    reset.poller.on('running', ({attempt}) => console.log(`running, as poll ${attempt} found`));
    const password = await reset.newPassword(); // made by the service, since none was given
    console.log(`${reset.poller.operation?.statusDetail}: a password of ${password.length} characters to hand over`);
  } else {
    console.log('accepted, but nobody can tell how it ends');
  }
} catch (error) {
  if (error instanceof OperationNotStartedError) console.error('Started all the same?', error.mayHaveStarted);
  else if (error instanceof OperationFailedError) console.error('The old password holds:', error.message);
  else throw error;
}
