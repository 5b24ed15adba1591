import {describe, expect, test} from '@jest/globals';
import ky from 'ky';
import {PollError} from '../../src/operation/poll-error.ts';
import type {WatchState} from '../../src/operation/state.ts';
import {readOptions} from '../../src/options/settings.ts';
import {cancelOperation} from '../../src/polling/cancel.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import type {Protocol} from '../../src/protocol/protocol.ts';
import {location, operationOf, stateOf, tasks} from '../support/core.ts';
import {withUnreadableHeader} from '../support/hostile.ts';

/** Cancels an operation of a service that answers so, and gives the requests that it was sent. */
async function canceled(
  cancel: Protocol['cancel'],
  {status = 202, state = stateOf(), trustedOrigins = [], unreadable = []}: Partial<Asked> = {},
): Promise<readonly string[]> {
  const requests: string[] = [];
  const http = ky.create({
    fetch: async (input, init) => {
      const {method, url} = new Request(input, init);
      requests.push(`${method} ${url}`);
      return withUnreadableHeader(new Response(null, {status}), ...unreadable);
    },
  });
  const protocol = cancel === undefined ? tasks : defineProtocol({...tasks, cancel});
  await cancelOperation(readOptions({protocol, http, trustedOrigins}), state);
  return requests;
}

interface Asked {
  readonly status: number;
  readonly state: WatchState;
  readonly trustedOrigins: readonly string[];
  readonly unreadable: readonly string[];
}

describe('a cancellation', () => {
  test.each([200, 204, 299])('that is answered with HTTP %i is accepted', async (status) => {
    expect(await canceled({method: 'DELETE'}, {status})).toEqual([`DELETE ${location}`]);
  });

  test.each([300, 301, 304, 400, 500])('that is answered with HTTP %i is refused', async (status) => {
    const refusal = canceled({method: 'DELETE'}, {status});
    await expect(refusal).rejects.toBeInstanceOf(PollError);
    await expect(refusal).rejects.toMatchObject({httpStatus: status});
  });

  test.each([
    ['request-id', 202],
    ['date', 202],
    ['retry-after', 202],
    ['retry-after', 403],
  ])('ends with a PollError where the mock of fetch throws for the header %s of HTTP %i', async (header, status) => {
    const refusal = canceled({method: 'DELETE'}, {status, unreadable: [header]});
    await expect(refusal).rejects.toBeInstanceOf(PollError);
    await expect(refusal).rejects.toMatchObject({kind: 'network', message: 'No answer: Error: not readable'});
  });

  test('goes to the location where no place is given, or one that is undefined', async () => {
    const cancel = {method: 'POST', suffix: undefined} as unknown as Protocol['cancel'];
    expect(await canceled(cancel)).toEqual([`POST ${location}`]);
  });

  const here = 'https://graph.example/stop';
  const abroad = 'https://other.example/stop';
  const noWay = new TypeError('cancel: the protocol tasks has no way to cancel this operation');
  const leadingTo = (stop?: string) => stateOf({operation: operationOf('running', {stop})});

  test.each<[string, Partial<Asked>, string]>([
    ['on the origin of the operation', {state: leadingTo(here)}, here],
    [
      'on the origin of the token, although the operation is elsewhere',
      {state: {...leadingTo(here), location: 'https://other.example/a'}},
      here,
    ],
    ['on a trusted origin', {state: leadingTo(abroad), trustedOrigins: ['https://other.example']}, abroad],
  ])('goes where the answer says, %s', async (_, asked, url) => {
    expect(await canceled({method: 'PUT', at: '/stop'}, asked)).toEqual([`PUT ${url}`]);
  });

  test.each<[string, Protocol['cancel'], Partial<Asked>]>([
    ['its protocol has none', undefined, {}],
    ['nothing is known yet', {method: 'PUT', at: '/stop'}, {}],
    ['the answer does not say where', {method: 'PUT', at: '/stop'}, {state: leadingTo()}],
    ['the answer leads to another origin', {method: 'PUT', at: '/stop'}, {state: leadingTo(abroad)}],
  ])('has nowhere to go where %s', async (_, cancel, asked) => {
    await expect(canceled(cancel, asked)).rejects.toThrow(noWay);
  });
});
