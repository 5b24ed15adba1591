import {describe, expect, jest, test} from '@jest/globals';
import ky from 'ky';
import {createGraphClient} from '../../src/graph/index.ts';
import type {TokenRequest} from '../../src/index.ts';
import {
  OperationError,
  OperationFailedError,
  OperationNotStartedError,
  WatchAbortedError,
} from '../../src/operation/errors.ts';
import {PollError} from '../../src/operation/poll-error.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import {longRunning} from '../../src/protocol/long-running.ts';
import type {GraphEmulator, StepAnswer} from '../../src/testing/index.ts';
import {timeOut} from '../support/behaviours.ts';
import {takeClosedPort} from '../support/closed-port.ts';
import {startEmulator} from '../testing/emulators.ts';
import {clientOf, eventsOf, everything, quick, rejectionOf, token} from './clients.ts';

const password = 'Chosen-1-Password';
const method = '28c10230-6103-485e-b985-444c60001490';
const path = `/users/adele%40contoso.example/authentication/methods/${method}/resetPassword`;
const user = 'adele@contoso.example';

/** The error of a reset whose request gets this answer. */
async function refusal(answer: StepAnswer) {
  // Time passes only where an answer does not come, or not to the end.
  jest.useFakeTimers();
  const emulator = await startEmulator();
  const start = emulator.addStart({path, answer});
  const startTimeout = 1000;
  const graph = clientOf(emulator, {startTimeout});
  const refused = rejectionOf(graph.resetPassword(user, {newPassword: password, ...quick}));
  if (answer.fault === 'hang' || answer.fault === 'hangBody') await timeOut(start, 1, startTimeout);
  const error = await refused;
  expect(error).toBeInstanceOf(OperationNotStartedError);
  return {emulator, start, error: error as OperationNotStartedError};
}

describe('a password reset', () => {
  test('goes from A to Z', async () => {
    const emulator = await startEmulator({token, retryAfter: 0});
    const graph = clientOf(emulator);

    const reset = await graph.resetPassword(user, {newPassword: password, ...quick});
    expect(reset.confirmed).toBe(true);
    const events = eventsOf(reset.poller!);
    expect(await reset.newPassword()).toBe(password);

    const operation = await reset.poller!.result();
    expect([operation.status, reset.poller!.status]).toEqual(['succeeded', 'succeeded']);
    expect(events.map(({type}) => type).filter((type) => type !== 'polled' && type !== 'waiting')).toEqual([
      'notStarted',
      'running',
      'succeeded',
    ]);
    const [post, ...polls] = emulator.requests;
    expect([post?.method, post?.path, post?.body]).toEqual([
      'POST',
      `/v1.0${path}`,
      JSON.stringify({newPassword: password}),
    ]);
    expect(post?.headers['authorization']).toBe(`Bearer ${token}`);
    // The Location is asked for byte for byte, its query with it.
    expect(polls.map((poll) => `${emulator.root}${poll.path}`)).toEqual(
      Array(3).fill(emulator.operations[0]?.location),
    );
  });

  test.each([300, 503])(
    'that is refused with %d keeps when to come back, even where the body breaks off and the service was to make the password',
    async (status) => {
      const broken = new ReadableStream({start: (controller) => controller.error(new TypeError('terminated'))});
      const http = ky.create({fetch: async () => new Response(broken, {status, headers: {'retry-after': '7'}})});
      const error = await rejectionOf(createGraphClient({token, http}).resetPassword(user));
      expect(error).toMatchObject({name: 'OperationNotStartedError', cause: {httpStatus: status, retryAfter: 7000}});
    },
  );

  test.each([
    ['of eight characters and more', 'Eight-8!', false],
    ['but no shorter one, which ids may contain', 'Seven-7', true],
  ])('keeps no header that quotes a password %s, even where the body breaks off', async (_, newPassword, isKept) => {
    const headers = {location: 'https://graph.microsoft.com/v1.0/operations/1', 'request-id': `of ${newPassword}`};
    const broken = () => new ReadableStream({start: (controller) => controller.error(new TypeError('terminated'))});
    for (const body of [broken, () => '{}']) {
      const http = ky.create({fetch: async () => new Response(body(), {status: 202, headers})});
      const graph = createGraphClient({token, http});
      const {poller, answer} = await graph.resetPassword(user, {newPassword, initialDelay: 60_000});
      poller?.stop();
      await rejectionOf(poller!.result());
      expect(answer.requestId).toBe(isKept ? headers['request-id'] : undefined);
    }
  });

  test('shows a protocol that reads headers only those that do not quote the password', async () => {
    const location = 'https://graph.microsoft.com/v1.0/operations/1';
    const headers = {location, 'x-quoted': `of ${password}`, 'x-other': 'other'};
    const http = ky.create({fetch: async () => Response.json({}, {status: 202, headers})});
    const seen: [string | null, boolean, string | null, boolean, string[]][] = [];
    const protocol = defineProtocol({
      name: 'reads',
      read: ({headers: given}) => {
        const [quoted, other] = ['x-quoted', 'x-other'];
        seen.push([given.get(quoted), given.has(quoted), given.get(other), given.has(other), [...given.keys()]]);
        return {status: 'succeeded'};
      },
    });
    const reset = await createGraphClient({token, http}).resetPassword(user, {
      newPassword: password,
      protocol,
      ...quick,
    });
    expect(await reset.newPassword()).toBe(password);
    expect(seen).not.toEqual([]);
    for (const each of seen) {
      expect(each).toEqual([null, false, 'other', true, ['content-type', 'location', 'x-other']]);
    }
  });

  test('follows a redirect of its polls', async () => {
    const emulator = await startEmulator({script: [{redirect: '/v1.0/elsewhere'}]});
    emulator.addOperation({path: '/elsewhere', script: ['succeeded']});
    const reset = await clientOf(emulator).resetPassword(user, {newPassword: password, ...quick});
    expect(await reset.newPassword()).toBe(password);
    expect(emulator.requests.at(-1)?.path).toBe('/v1.0/elsewhere');
  });

  test('lets the service make the password', async () => {
    const emulator = await startEmulator({newPassword: 'Made-2-Password'});
    const reset = await clientOf(emulator).resetPassword(user, quick);
    expect(emulator.requests[0]?.body).toBe('{}');
    expect(await reset.newPassword()).toBe('Made-2-Password');
  });

  test('reads the older name of the password, and says so when there is none', async () => {
    const emulator = await startEmulator();
    const starts = {script: ['succeeded']};
    emulator.addStart({path, answer: {fields: {password: 'Older-3'}}, starts});
    expect(await (await clientOf(emulator).resetPassword(user, quick)).newPassword()).toBe('Older-3');

    const silent = await startEmulator();
    silent.addStart({path, starts});
    const reset = await clientOf(silent).resetPassword(user, quick);
    await expect(reset.newPassword()).rejects.toThrow(/did not contain the password that the service generated/);
    await expect(reset.newPassword()).rejects.toBeInstanceOf(OperationError);
  });

  test('hands the password over only after success', async () => {
    const emulator = await startEmulator({script: ['running']});
    const reset = await clientOf(emulator).resetPassword(user, {newPassword: password, ...quick});
    let handed = false;
    const handing = reset.newPassword().then(() => {
      handed = true;
    });
    await reset.poller!.waitFor('running');
    expect(handed).toBe(false);
    emulator.operations[0]?.rescript(['succeeded']);
    await handing;
    expect(handed).toBe(true);
  });

  test.each([
    ['fails', ['running', {status: 'failed', detail: 'PolicyViolation'}], OperationFailedError],
    ['is stopped', ['running'], WatchAbortedError],
  ] as const)('never hands it over when it %s', async (_, script, expected) => {
    const emulator = await startEmulator({script});
    const reset = await clientOf(emulator).resetPassword(user, {newPassword: password, ...quick});
    reset.poller!.on('running', () => expected === WatchAbortedError && reset.poller!.stop());
    const error = await rejectionOf(reset.newPassword());
    expect(error).toBeInstanceOf(expected);
    expect(error).toBe(await rejectionOf(reset.poller!.result()));
  });

  test('that fails is no unhandled rejection where nobody asks for the password', async () => {
    const emulator = await startEmulator({script: ['failed']});
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    const reset = await clientOf(emulator).resetPassword(user, {newPassword: password, ...quick});
    expect(await reset.poller!.outcome()).toMatchObject({status: 'failed'});
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('hands it over when only the result cannot be fetched after the success', async () => {
    const emulator = await startEmulator();
    const script = [{status: 'succeeded', resourceLocation: `${emulator.root}/v1.0/gone`}];
    emulator.addStart({path, starts: {script}});
    const given = {newPassword: password, fetchResult: true, notFoundGrace: 0, ...quick};
    const reset = await clientOf(emulator).resetPassword(user, given);
    expect(await reset.newPassword()).toBe(password);
    await expect(reset.poller!.result()).rejects.toThrow(/result could not be fetched/);
  });

  test('is unconfirmed without a Location', async () => {
    const emulator = await startEmulator({location: 'none'});
    const reset = await clientOf(emulator).resetPassword(user, {newPassword: password});
    expect([reset.confirmed, reset.poller]).toEqual([false, undefined]);
    const error = await rejectionOf(reset.newPassword());
    expect(error).toBeInstanceOf(OperationError);
    expect(everything(reset, error)).not.toContain(password);
    expect(emulator.received).toBe(1);
  });

  test.each(['o’neil@contoso.example', "o'neil+test#1@contoso.example", 'a/b?c=d&e%2F', 'ä ü', '2d497bb-57bd'])(
    'takes the user %s',
    async (name) => {
      const emulator = await startEmulator();
      const reset = await clientOf(emulator).resetPassword(name, {newPassword: password, ...quick});
      await reset.poller!.result();
      expect(emulator.requests[0]?.path).toBe(
        `/v1.0/users/${encodeURIComponent(name)}/authentication/methods/${method}/resetPassword`,
      );
    },
  );

  test('takes another method and the beta version', async () => {
    const emulator = await startEmulator();
    const graph = clientOf(emulator, {version: 'beta'});
    const reset = await graph.resetPassword(user, {newPassword: password, methodId: 'own/method', ...quick});
    await reset.poller!.result();
    expect(emulator.requests[0]?.path).toBe(
      '/beta/users/adele%40contoso.example/authentication/methods/own%2Fmethod/resetPassword',
    );
  });

  test.each([
    [{newPassword: 5}, 'newPassword: expected a string, got a number'],
    [{newPassword: 1_234_567n}, 'newPassword: expected a string, got a bigint'],
    [{methodId: ''}, 'methodId: expected a string that is not empty, got ""'],
    [{methodId: '..'}, 'methodId: expected an id, got ".."'],
    [{token}, "token: it is the client's"],
    [{colour: 'red'}, 'colour: there is no such option; there are protocol, schedule, retry, '],
    [{colour: 'red'}, 'fetchResult, started, finalStateVia, newPassword, methodId'],
    [{newPasword: password}, 'Did you mean newPassword?'],
    [null, 'options: expected an object, got null'],
    [{requestTimeout: 0}, 'requestTimeout: expected milliseconds'],
    [{protocol: null}, 'protocol: expected a protocol such as protocols.longRunning or what'],
    [{protocol: {...longRunning}}, 'protocol: expected a protocol such as protocols.longRunning or what'],
  ])('refuses the options %j without a request', async (options, message) => {
    const emulator = await startEmulator();
    const error = await rejectionOf(clientOf(emulator).resetPassword(user, options as object));
    expect([error instanceof TypeError || error instanceof RangeError, String(error)]).toEqual([
      true,
      expect.stringContaining(message),
    ]);
    expect(emulator.received).toBe(0);
  });

  test.each(['', '.', '..', undefined, 5, '\ud800'])('refuses the user %j', async (name) => {
    const emulator = await startEmulator();
    await expect(clientOf(emulator).resetPassword(name as string)).rejects.toThrow(/^user: expected/);
    expect(emulator.received).toBe(0);
  });
});

describe('the request of a reset is sent once', () => {
  test.each<[string, StepAnswer, boolean]>([
    ['500', {http: 500}, true],
    ['502', {http: 502, text: '<html>'}, true],
    ['503 with Retry-After', {http: 503, retryAfter: 0}, true],
    ['504', {http: 504}, true],
    ['a redirect', {http: 307, redirect: '/elsewhere'}, true],
    ['a reset connection', {fault: 'reset'}, true],
    ['a hanging service', {fault: 'hang'}, true],
    ['a hanging body', {fault: 'hangBody', fields: {a: 'b'}}, true],
    ['a body without end', {fault: 'endless'}, true],
    ['400', {http: 400}, false],
    ['403', {http: 403}, false],
    ['404', {http: 404}, false],
    ['409', {http: 409}, false],
    ['429', {http: 429, retryAfter: 1}, false],
  ])('%s', async (_, answer, mayHaveStarted) => {
    const {emulator, start, error} = await refusal(answer);
    expect([error.mayHaveStarted, error.cause instanceof PollError]).toEqual([mayHaveStarted, true]);
    const outcome = mayHaveStarted
      ? 'Whether the operation was started is not known: '
      : 'The operation was not started: ';
    expect(error.message.startsWith(outcome)).toBe(true);
    expect(start.requests).toHaveLength(1);
    expect(emulator.received).toBe(1);
    expect(everything(error)).not.toContain(password);
  });

  test('without a connection it has not started', async () => {
    using closed = await takeClosedPort();
    const error = await rejectionOf(clientOf(closed).resetPassword(user, {newPassword: password}));
    expect(error).toMatchObject({name: 'OperationNotStartedError', mayHaveStarted: false});
    expect((error as Error).message).toContain('ECONNREFUSED');
  });

  test('aborted before it is sent, it has not started', async () => {
    const emulator = await startEmulator();
    const signal = AbortSignal.abort(new Error('no longer'));
    const error = await rejectionOf(clientOf(emulator).resetPassword(user, {newPassword: password, signal}));
    expect(error).toMatchObject({mayHaveStarted: false, cause: signal.reason});
    expect(emulator.received).toBe(0);
  });

  test('aborted on its way, it may have started', async () => {
    const emulator = await startEmulator();
    emulator.addStart({path, answer: {fault: 'hang'}});
    const controller = new AbortController();
    const resetting = rejectionOf(
      clientOf(emulator).resetPassword(user, {newPassword: password, signal: controller.signal}),
    );
    await emulator.nextRequest();
    controller.abort(new Error('no longer'));
    expect(await resetting).toMatchObject({mayHaveStarted: true, cause: controller.signal.reason});
    await emulator.idle();
    expect(emulator.requests.map(({aborted}) => aborted)).toEqual([true]);
  });

  test('a refused token is renewed once, and the request goes out again: nothing was done yet', async () => {
    const emulator = await startEmulator({token: 'the-second-token'});
    const tokens = ['the-first-token', 'the-second-token'];
    const graph = clientOf(emulator, {token: () => tokens.shift() ?? 'none'});
    const reset = await graph.resetPassword(user, {newPassword: password, ...quick});
    expect(await reset.newPassword()).toBe(password);
    expect(emulator.requests.map(({method: used}) => used).slice(0, 3)).toEqual(['POST', 'POST', 'GET']);
  });

  test.each([
    [
      'two tokens that are refused',
      ({forceRefresh}: TokenRequest) => (forceRefresh ? 'another-one' : 'wrong-token'),
      2,
    ],
    ['a token that is refused, and given again', () => 'wrong-token', 1],
    [
      'a token that cannot be fetched',
      () => {
        throw new Error('no network');
      },
      0,
    ],
  ])('%s', async (_, source, requests) => {
    const emulator = await startEmulator({token});
    const graph = clientOf(emulator, {token: source});
    const error = await rejectionOf(graph.resetPassword(user, {newPassword: password}));
    expect(error).toMatchObject({name: 'OperationNotStartedError', mayHaveStarted: false});
    expect(emulator.received).toBe(requests);
  });
});

describe('the password appears nowhere', () => {
  const secrets = ['Pä"ss\\wörd+<1>&', 'Chosen-1-Password', 'a b%20c/d-e'];

  /** How a service may quote the body of a request in an error. */
  const quotes: ReadonlyArray<readonly [string, (secret: string) => string]> = [
    ['as it is', (secret) => secret],
    ['as JSON', (secret) => JSON.stringify({newPassword: secret})],
    ['as JSON within JSON', (secret) => JSON.stringify(JSON.stringify({newPassword: secret}))],
    [
      'as JSON with escapes',
      (secret) =>
        JSON.stringify({newPassword: secret}).replace(
          /[^\w{}:"\\ -]/g,
          (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
        ),
    ],
    ['as a part of a URL', (secret) => encodeURIComponent(secret)],
    [
      'as a part of a form',
      (secret) => new URLSearchParams({newPassword: secret}).toString().slice('newPassword='.length),
    ],
    [
      'as HTML',
      (secret) =>
        secret.replace(
          /[&<>"ä]/g,
          (each) => ({'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;'})[each] ?? '&#xE4;',
        ),
    ],
    ['where a message is cut off', (secret) => 'x'.repeat(195) + secret],
  ];

  test.each(quotes)('in an error of a service that quotes it %s', async (_, quote) => {
    for (const secret of secrets) {
      const emulator = await startEmulator();
      emulator.addStart({path, answer: {http: 400, error: {code: quote(secret), message: `Bad: ${quote(secret)}`}}});
      const error = await rejectionOf(clientOf(emulator).resetPassword(user, {newPassword: secret}));
      expect(error).toMatchObject({name: 'OperationNotStartedError', mayHaveStarted: false});
      const seen = everything(error) + (error as Error).stack;
      for (const [, each] of quotes) expect(seen).not.toContain(each(secret));
      expect(seen).not.toContain(secret.slice(0, 4));
    }
  });

  test('and of an error there is the code, which callers branch on, and the ids that a support case needs', async () => {
    const {error} = await refusal({http: 400, error: {code: 'PasswordPolicy', message: 'Too weak'}});
    const {requestId, clientRequestId, date} = error.cause as PollError;
    expect(error).toMatchObject({requestId, clientRequestId, date});
    expect(requestId).toMatch(/^[\da-f-]{36}$/);
    expect(error.message).toContain('answered 400: PasswordPolicy');
  });

  test('of an empty password, too, the code of the error stays', async () => {
    const emulator = await startEmulator();
    emulator.addStart({path, answer: {http: 400, error: {code: 'PasswordPolicy', message: 'Too short'}}});
    const error = await rejectionOf(clientOf(emulator).resetPassword(user, {newPassword: ''}));
    expect(error).toMatchObject({cause: {code: 'PasswordPolicy'}});
  });

  const made = 'Made-2-Password';

  /** Everything that can be seen of a reset and its poller, from its start to its end. */
  async function seenOf(emulator: GraphEmulator, given: object): Promise<string> {
    const reset = await clientOf(emulator).resetPassword(user, {...quick, ...given});
    const poller = reset.poller!;
    const events = eventsOf(poller);
    const early = everything(reset, poller, poller.toJSON());
    const outcome = await poller.result().catch((error: unknown) => error);
    expect(events.length).toBeGreaterThan(0);
    const {context, output} = poller.actor.getSnapshot();
    const persisted = poller.actor.getPersistedSnapshot();
    return early + everything(reset, poller, poller.toJSON(), persisted, context, output, events, outcome);
  }

  test.each([
    ['given', {newPassword: password}],
    ['made', {}],
  ])('%s: in the events, the poller, the actor, the resume token, the error and the reset', async (_, given) => {
    for (const script of [['running', 'succeeded'], [{http: 503}, {status: 'failed', detail: 'x'}], [{http: 403}]]) {
      const emulator = await startEmulator({newPassword: made, script});
      const seen = await seenOf(emulator, given);
      expect(seen).not.toContain(password);
      expect(seen).not.toContain(made);
      expect(seen).not.toContain(token);
    }
  });

  test.each<[string, {readonly newPassword?: string}]>([
    ['given', {newPassword: password}],
    ['given, of eight characters', {newPassword: 'Eight-8!'}],
    ['made', {}],
  ])('%s: in a poll that quotes it', async (_, given) => {
    const {newPassword: quoted = made} = given;
    const error = {code: 'PolicyViolation', message: `${quoted} is too weak`};
    for (const script of [
      [{http: 403, error}],
      [{http: 503, error}, {fields: {status: 'failed', statusDetail: quoted, error, nested: [{[quoted]: quoted}]}}],
    ]) {
      const emulator = await startEmulator({newPassword: made, script});
      expect(await seenOf(emulator, given)).not.toContain(quoted);
    }
  });

  test.each([
    ['is not JSON', '<html>', 'is not JSON'],
    ['is JSON, but no object', '[]', 'expected a JSON object, got a list'],
    ['has no body', '', 'expected a JSON object, got null'],
  ])('but a poll that %s is reported as such', async (_, text, message) => {
    const emulator = await startEmulator({script: [{text}, 'succeeded']});
    const reset = await clientOf(emulator).resetPassword(user, {newPassword: password, ...quick});
    const events = eventsOf(reset.poller!);
    expect(await reset.newPassword()).toBe(password);
    const errors = events.flatMap((event) => (event.type === 'retrying' ? [event.error.message] : []));
    expect(errors).toEqual([expect.stringContaining(message)]);
  });

  test('in polls that quote it, in one batch', async () => {
    const emulator = await startEmulator({script: [{fields: {status: 'succeeded', statusDetail: `of ${password}`}}]});
    const graph = clientOf(emulator, {batch: 100});
    // The window closes once both are polled, however far apart the answers to their starts are.
    jest.useFakeTimers();
    const resets = await Promise.all([1, 2].map(() => graph.resetPassword(user, {newPassword: password, ...quick})));
    await jest.advanceTimersByTimeAsync(100);
    const operations = await Promise.all(resets.map(({poller}) => poller!.result()));
    expect(operations.map(({statusDetail}) => statusDetail)).toEqual(['of [token]', 'of [token]']);
    expect(emulator.requests.filter(({path: asked}) => asked.endsWith('/$batch')).length).toBe(1);
  });

  test.each(quotes)(
    '75: in a poll that quotes it %s, in a value, in a field of its name or as a name',
    async (_, quote) => {
      for (const secret of [...secrets, 'Tom&Jerry<1>', 'w0rd/-"77"-x']) {
        const quoted = quote(secret);
        const error = {code: 'PolicyViolation', message: `Bad: ${quoted}`};
        const fields = {newPassword: quoted, deep: [{password: quoted, [quoted]: 1}], statusDetail: `is ${quoted}`};
        for (const status of ['failed', 'succeeded']) {
          const script = [{fields: {...fields, status: 'running'}}, {fields: {...fields, status, error}}];
          const emulator = await startEmulator({script});
          const seen = await seenOf(emulator, {newPassword: secret});
          for (const [, each] of quotes) expect(seen).not.toContain(each(secret));
          expect(seen).not.toContain(secret.slice(0, 4));
        }
      }
    },
  );

  test.each([
    ['percent-encoded', encodeURIComponent],
    ['percent-encoded twice', (secret: string) => encodeURIComponent(encodeURIComponent(secret))],
    ['in a form', (secret: string) => new URLSearchParams({secret}).toString()],
  ])('in a Location: %s, it leads nowhere', async (_, write) => {
    for (const secret of secrets) {
      const emulator = await startEmulator();
      emulator.addStart({
        path,
        answer: {http: 202, headers: {Location: `${emulator.root}/v1.0/op?x=${write(secret)}`}},
      });
      const reset = await clientOf(emulator).resetPassword(user, {newPassword: secret});
      expect(reset.confirmed).toBe(false);
    }
  });

  test('47: in a body without any status, which does not say whether the reset succeeded', async () => {
    const emulator = await startEmulator();
    emulator.addStart({path, answer: {http: 200, body: {newPassword: made}}});
    const reset = await clientOf(emulator).resetPassword(user);
    expect(reset).toMatchObject({confirmed: false, poller: undefined});
    await expect(reset.newPassword()).rejects.toThrow(/the service does not say/);
    expect(everything(reset, await rejectionOf(reset.newPassword()))).not.toContain(made);
  });

  test('44: in an operation that had failed when the start was answered, with an error that quotes it', async () => {
    for (const newPassword of [undefined, password]) {
      const quoted = newPassword ?? made;
      const emulator = await startEmulator();
      const error = {code: 'PolicyViolation', message: `${quoted} is too weak`};
      emulator.addStart({path, answer: {http: 200, body: {id: quoted, status: 'failed', error, newPassword: made}}});
      const reset = await clientOf(emulator).resetPassword(user, {newPassword});
      const failure = await rejectionOf(reset.newPassword());
      expect(failure).toBeInstanceOf(OperationFailedError);
      expect(failure).toMatchObject({operation: {error: {code: 'PolicyViolation'}}});
      expect(everything(reset, reset.poller, reset.poller?.toJSON(), failure)).not.toContain(quoted);
    }
  });

  test.each([200, 299])('44: in an operation that had succeeded when the start was answered with %d', async (http) => {
    const emulator = await startEmulator();
    emulator.addStart({path, answer: {http, body: {status: 'succeeded', newPassword: made}}});
    const reset = await clientOf(emulator).resetPassword(user);
    expect(await reset.newPassword()).toBe(made);
    const poller = reset.poller!;
    expect(
      everything(reset, poller, poller.toJSON(), await poller.result(), poller.actor.getSnapshot().context),
    ).not.toContain(made);
  });

  test('in the first report of a protocol whose start is the operation', async () => {
    const emulator = await startEmulator();
    const protocol = defineProtocol({...longRunning, name: 'own', start: 'resource'});
    emulator.addStart({path, answer: {http: 201, body: {id: 'x', status: 'running', newPassword: made}}});
    emulator.addOperation({path: `${path}/x`, script: ['succeeded']});
    const reset = await clientOf(emulator).resetPassword(user, {protocol, ...quick});
    const events = eventsOf(reset.poller!);
    expect(await reset.newPassword()).toBe(made);
    expect(everything(events, reset.poller, reset.poller!.toJSON())).not.toContain(made);
  });

  test('in the refusal to cancel it, once watching is over and nobody knows the password any more', async () => {
    const emulator = await startEmulator();
    const protocol = defineProtocol({...longRunning, name: 'byDelete', cancel: {method: 'DELETE'}});
    const operation = emulator.addOperation({path: '/operations/1', script: ['running']});
    emulator.addStart({path, answer: {http: 202, headers: {location: operation.location}}});
    const error = {code: 'TooLate', message: `${password} is set`};
    emulator.addStart({path: '/operations/1', method: 'DELETE', answer: {http: 409, error}});
    const reset = await clientOf(emulator).resetPassword(user, {protocol, newPassword: password, ...quick});
    const poller = reset.poller!;
    const early = await rejectionOf(poller.cancel());
    expect(early).toMatchObject({httpStatus: 409, code: 'TooLate'});
    poller.stop();
    await rejectionOf(reset.newPassword());
    const late = await rejectionOf(poller.cancel());
    expect(late).toMatchObject({httpStatus: 409, code: undefined});
    expect(everything(early, late, String(early), String(late))).not.toContain(password);
  });

  test('a page of some gateway is no success', async () => {
    const emulator = await startEmulator();
    emulator.addStart({path, answer: {http: 200, text: '<html>Sign in</html>'}});
    const reset = await clientOf(emulator).resetPassword(user, {newPassword: password});
    expect(reset.confirmed).toBe(false);
  });
});
