import {describe, expect, test} from '@jest/globals';
import {bearer, field, poll, resetPassword, startEmulator, statuses} from './emulators.ts';

describe('resetPassword', () => {
  test('starts an operation and gives its location', async () => {
    const emulator = await startEmulator({token: 'test-token'});
    const response = await resetPassword(emulator, '{"newPassword": "Chosen-1"}');
    const [operation] = emulator.operations;
    expect([response.status, await response.json()]).toEqual([202, {}]);
    expect(response.headers.get('location')).toBe(operation?.location);
    expect(operation?.location).toMatch(
      /\/v1\.0\/users\/[\da-f-]{36}\/authentication\/operations\/[\da-f-]{36}\?aadgdc=BY01P&aadgsu=ssprprod-a$/,
    );
    expect(response.headers.get('retry-after')).toBeNull();
    expect(await statuses(operation?.location ?? '', 4)).toEqual(['notStarted', 'running', 'succeeded', 'succeeded']);
  });

  test.each([[undefined], [''], ['{}'], ['{"newPassword": null}']])(
    'generates a password for the body %s',
    async (body) => {
      const emulator = await startEmulator({newPassword: 'Made-up-2'});
      expect(await (await resetPassword(emulator, body)).json()).toEqual({newPassword: 'Made-up-2'});
    },
  );

  test.each([['{"newPass'], ['[]'], ['"x"'], ['null'], ['{"newPassword": 5}'], ['{"newPassword": ""}']])(
    'answers 400 to the body %s',
    async (body) => {
      const emulator = await startEmulator();
      const response = await resetPassword(emulator, body);
      expect([response.status, field(await response.json(), 'error', 'code')]).toEqual([400, 'BadRequest']);
      expect(emulator.operations).toHaveLength(0);
    },
  );

  test('serves the older path, the beta version and any user', async () => {
    const emulator = await startEmulator({script: ['succeeded']});
    const path = '/beta/users/an-object-id/authentication/passwordMethods/28c10230/resetPassword';
    const response = await fetch(`${emulator.root}${path}`, {method: 'POST', headers: bearer});
    const location = response.headers.get('location') ?? '';
    expect(location).toContain(`${emulator.root}/beta/users/an-object-id/authentication/operations/`);
    expect(await statuses(location, 1)).toEqual(['succeeded']);
  });

  test('always gives the same object id to a user, and different ones to different users', async () => {
    const emulator = await startEmulator();
    for (const user of ['adele@contoso.example', 'ADELE@contoso.example', 'bert@contoso.example']) {
      await resetPassword(emulator, undefined, user);
    }
    const [first, second, third] = emulator.operations.map(({userId}) => userId);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  test('can give a relative location or none, with a Retry-After', async () => {
    const relative = await startEmulator({location: 'relative', retryAfter: 30});
    const {headers} = await resetPassword(relative);
    const [operation] = relative.operations;
    expect(headers.get('location')).toMatch(/^\/users\/.*\?aadgdc=BY01P&aadgsu=ssprprod-a$/);
    expect(`${relative.root}/v1.0${headers.get('location')}`).toBe(operation?.location);
    expect(headers.get('retry-after')).toBe('30');
    const none = await startEmulator({location: 'none', retryAfter: 'soon'});
    const silent = await resetPassword(none);
    expect([silent.status, silent.headers.get('location')]).toEqual([202, null]);
    expect(silent.headers.get('retry-after')).toBe('soon');
    expect(none.operations).toHaveLength(1);
  });

  test('accepts only POST', async () => {
    const emulator = await startEmulator();
    const {response} = await poll(`${emulator.root}/v1.0/users/a/authentication/methods/b/resetPassword`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });
});
