import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {createClientParts} from '../../src/client/client-parts.ts';
import {createOperationClient} from '../../src/client/operation-client.ts';
import {operationSettings} from '../../src/client/operation-settings.ts';
import {watchStarted} from '../../src/client/start.ts';
import type {AcceptedStart} from '../../src/client/start-request.ts';
import type {Secrets} from '../../src/http/redact.ts';
import {OperationNotWatchableError} from '../../src/operation/errors.ts';
import type {OperationPoller} from '../../src/poller.ts';
import type {Protocol} from '../../src/protocol/protocol.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import {reachable, shown} from '../support/reachable.ts';

const {longRunning} = protocols;
// What is looked for is a part of it that no escaping of an output changes.
const core = 'MARKERtoken81c6';
const secret = `ey+/${core}.==~`;
const root = 'https://api.example.com/v2';

interface Answered {
  readonly protocol?: Protocol;
  readonly method?: AcceptedStart['method'];
  readonly url?: string;
  readonly status?: number;
  readonly location?: string;
  readonly json?: unknown;
  readonly secrets?: Secrets;
}

/** Watches what a start led to, until just before the first request. */
function watchAnswered({
  protocol = longRunning,
  method = 'POST',
  url = `${root}/exports`,
  status = 202,
  location,
  json = null,
  secrets = [secret],
}: Answered): OperationPoller | undefined {
  const {origin} = new URL(root);
  const get = (name: string): string | null => (name === 'location' ? (location ?? null) : null);
  const parts = createClientParts({origin, base: root, pathRoot: undefined, scope: ''}, {token: 'a-token'});
  const response = {
    status,
    headers: {get, has: (name: string) => get(name) !== null, entries: () => []},
    retryAfter: undefined,
    json,
    bodyError: undefined,
    answer: {httpStatus: status, clientRequestId: 'c'},
    ...{
      method,
      location: url,
      redirected: false,
      isForeign: false,
      seeOther: undefined,
      sameToken: undefined,
      secrets,
      credentials: secrets,
    },
  };
  const settings = operationSettings(parts, {protocol});
  const accepted: AcceptedStart = {method, url, settings, response, isSecret: false};
  const {poller} = watchStarted(parts, accepted, {}, new Promise(() => {}));
  poller?.stop();
  return poller;
}

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('Expected it to throw');
}

describe('74: a location that quotes a secret is not kept', () => {
  const hex = (character: string): string => character.charCodeAt(0).toString(16).padStart(2, '0');
  /** The secret with some of its characters percent-encoded, even twice. */
  const written = fc
    .tuple(
      ...[...secret].map((character) =>
        fc.constantFrom(character, `%${hex(character)}`, `%${hex(character).toUpperCase()}`, `%25${hex(character)}`),
      ),
    )
    .map((characters) => characters.join(''));
  const location = fc
    .tuple(
      fc.constantFrom('', '/', '?x=', '//elsewhere.example/', `${root}/op/`, `${root}/op?x=`, 'https://b.example/#'),
      written,
    )
    .map((parts) => parts.join(''));

  test('whatever its form: the error has no trace of it, and no resume token', () => {
    fc.assert(
      fc.property(location, fc.constantFrom(longRunning, protocols.graph.driveCopy), (text, protocol) => {
        const error = thrownBy(() => watchAnswered({location: text, protocol}));
        expect(error).toBeInstanceOf(OperationNotWatchableError);
        expect(error).toMatchObject({resumeToken: undefined, location: expect.stringMatching(/^https:\/\//)});
        const looksFor = {test: (each: string) => decodeAll(each).includes(core)};
        expect(shown(error).filter(looksFor.test)).toEqual([]);
        expect(reachable(error, looksFor)).toEqual([]);
      }),
    );
  });

  test('says why', () => {
    const error = thrownBy(() => watchAnswered({location: `/op?key=${secret}`}));
    expect(String(error)).toBe(
      'OperationNotWatchableError: The operation was started, but cannot be watched at https://api.example.com/op?key=[token]: ' +
        'that location quotes a token or a header of the client, so it is not kept',
    );
  });

  test('but one is that the request has in its own URL, such as the name of a tenant', () => {
    const secrets = ['tenant-contoso'];
    const url = `${root}/tenants/tenant-contoso/exports`;
    const poller = watchAnswered({url, secrets, location: `${root}/tenants/tenant-contoso/jobs/1`});
    expect(poller?.toJSON().location).toBe(`${root}/tenants/tenant-contoso/jobs/1`);
  });
});

test('a location over http, where the token would go unprotected, is named as such', () => {
  const options = {location: 'http://api.example.com/op', secrets: []};
  const error = thrownBy(() => watchAnswered(options));
  expect(error).toBeInstanceOf(OperationNotWatchableError);
  expect(error).toMatchObject({location: 'http://api.example.com/op'});
  expect(String(error)).toMatch(
    / at http:\/\/api\.example\.com\/op: a token goes there only over https, which is how the resume token watches it$/,
  );
});

test.each([
  ['http://api.example.com:80/op?sig=a', 'https://api.example.com/op?sig=a', {}],
  ['http://jobs.example.com/op', 'https://jobs.example.com/op', {trustedOrigins: ['https://jobs.example.com']}],
])('50: what a gateway calls %s is resumed at %s', (location, secure, options) => {
  const error = thrownBy(() => watchAnswered({location, secrets: []}));
  const {resumeToken} = error as OperationNotWatchableError;
  const poller = createOperationClient({root, token: 'a-token'}).resume(resumeToken!, options);
  poller.stop();
  expect(poller.location).toBe(secure);
});

test('whatever the service answers, a start that it accepted is watched, unconfirmed or not watchable', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'https://',
      'http://',
      '//',
      '/',
      '\\',
      'javascript:',
      'file:///',
      'a:b@',
      '#',
      '?',
      '..',
      '%',
      '\t',
    ),
    fc.constantFrom('api.example.com', 'b.example', '[::1]', ':99999', '\u0000', 'ä', '\ud800'),
    fc.string({maxLength: 5}),
  );
  const location = fc.array(piece, {maxLength: 6}).map((pieces) => pieces.join(''));
  const family = [longRunning, ...Object.values({...protocols.graph}), ...Object.values(protocols.azure)];
  const protocol = fc.constantFrom<Protocol>(...family, protocols.google.longrunning);
  const method = fc.constantFrom(...(['POST', 'PUT', 'PATCH', 'DELETE', 'GET'] as const));
  const json = fc.oneof(
    fc.constantFrom(null, undefined),
    fc.record({id: location, name: location, status: fc.constantFrom('running', 'Running', 'failed')}),
  );
  let watched = 0;
  fc.assert(
    fc.property(
      location,
      protocol,
      method,
      json,
      fc.constantFrom(200, 201, 202, 204),
      (text, preset, verb, body, status) => {
        try {
          const poller = watchAnswered({
            location: text,
            protocol: preset,
            method: verb,
            json: body,
            status,
            secrets: [],
          });
          if (poller !== undefined) watched += 1;
        } catch (error) {
          expect(error).toBeInstanceOf(OperationNotWatchableError);
        }
      },
    ),
    {numRuns: 2000},
  );
  expect(watched).toBeGreaterThan(100);
});

function decodeAll(text: string): string {
  const decoded = text.replace(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return decoded === text ? text : decodeAll(decoded);
}
