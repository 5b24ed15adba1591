import {describe, expect, test} from '@jest/globals';
import {withOriginHeaders} from '../../src/client/headers.ts';
import {createResponse, type TransportRequest} from '../../src/http/transport.ts';

const root = 'https://api.example.com';

describe("a client's headers", () => {
  /** The headers that are sent to a location, given those of the request. */
  async function sent(
    headers: Readonly<Record<string, string>>,
    own: TransportRequest['headers'],
    location = `${root}/1`,
  ): Promise<TransportRequest['headers'] | undefined> {
    let all: TransportRequest['headers'] | undefined;
    const transport = withOriginHeaders(
      async (_, request) => {
        all = request.headers;
        return createResponse({status: 200, headers: new Headers()});
      },
      new URL(root).origin,
      headers,
    );
    const nothing = (): void => undefined;
    await transport(location, {
      method: 'GET',
      headers: own,
      json: undefined,
      maxBodyLength: 1,
      maxRetryAfter: undefined,
      signal: new AbortController().signal,
      onSent: nothing,
      onHead: nothing,
    });
    return all;
  }

  test('go along with the request, whose own take precedence, except accept', async () => {
    const own = {accept: 'application/json', 'x-both': 'own', 'x-none': undefined};
    expect(await sent({accept: 'text/csv', 'x-both': 'other', 'x-none': 'some', 'x-key': 'key'}, own)).toEqual({
      accept: 'text/csv',
      'x-both': 'own',
      'x-none': 'some',
      'x-key': 'key',
    });
    expect(own).toEqual({accept: 'application/json', 'x-both': 'own', 'x-none': undefined});
  });

  test('go along with the accept that the request was given', async () => {
    expect(await sent({accept: 'text/csv'}, {accept: 'application/vnd.example+json'})).toEqual({
      accept: 'application/vnd.example+json',
    });
    expect(await sent({accept: 'text/csv'}, {accept: '*/*'})).toEqual({accept: 'text/csv'});
  });

  test('go to no other origin', async () => {
    expect(await sent({'x-key': 'key'}, {})).toEqual({'x-key': 'key'});
    expect(await sent({'x-key': 'key'}, {}, 'https://other.example/1')).toEqual({});
  });
});
