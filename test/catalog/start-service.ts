import {describe, expect, test} from '@jest/globals';
import {createOperationClient, type StartedOperation} from '../../src/client/index.ts';
import {OperationFailedError, type OperationPoller, type RetryingEvent} from '../../src/index.ts';
import {failure, quick, startServer, type TestServer} from '../support/behaviours.ts';
import {type Answer, key, type Service} from './answers.ts';

/** Starts an operation at a service that goes through these answers when polled. */
export async function startService(
  {protocol, root, method = 'POST', path, started, polled, cancel, fetched, clientHeaders, fetchResult = true}: Service,
  answers: readonly Answer[],
): Promise<{server: TestServer; poller: OperationPoller; lines: readonly string[]}> {
  const lines: string[] = [];
  let own = '';
  let polls = 0;
  const server = await startServer((request, response) => {
    const line = `${request.method} ${request.url}`;
    lines.push(line);
    const isPoll = line === `GET ${polled}`;
    const found: Record<string, Answer> = {[`${method} ${root}${path}`]: started, [cancel ?? '']: {body: {}}};
    if (fetched !== undefined) found[`GET ${fetched[0]}`] = {body: fetched[1]};
    const poll = answers[Math.min(polls, answers.length - 1)];
    if (isPoll) polls += 1;
    const {http = 200, headers, body} = (isPoll ? poll : found[line]) ?? {http: 404, body: {error: line}};
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const location = headers === undefined ? {} : JSON.parse(JSON.stringify(headers).replaceAll('"root/', `"${own}/`));
    response.writeHead(http, {'content-type': 'application/json', ...location});
    response.end(text.replaceAll('"root/', `"${own}/`));
  });
  own = server.root;
  const client = createOperationClient({root: server.root + root, token: key, headers: clientHeaders});
  const begun: StartedOperation = await client.start(
    protocol,
    {method, path, ...(method === 'GET' ? {} : {body: {}})},
    {schedule: quick.schedule, fetchResult},
  );
  if (!begun.confirmed) throw new Error('It was not confirmed');
  return {server, poller: begun.poller, lines};
}

/** What each service must show: how it succeeds, fails with its own code, and is canceled. */
export function describeServices(services: Readonly<Record<string, Service>>): void {
  describe.each(Object.entries(services))('%s', (_, service) => {
    test('succeeds', async () => {
      const {server, poller, lines} = await startService(service, [
        service.running,
        service.running,
        service.succeeded,
      ]);
      const operation = await poller.result();
      expect(operation.result).toEqual(service.result);
      expect(lines[0]).toBe(`${service.method ?? 'POST'} ${service.root}${service.path}`);
      expect(lines.filter((line) => line === `GET ${service.polled}`)).toHaveLength(3);
      for (const {headers} of server.requests) expect(headers).toMatchObject(service.headers);
      expect(JSON.stringify(poller)).not.toContain(key);
    });

    test("fails with the service's own code", async () => {
      const {poller} = await startService(service, [service.running, service.failed]);
      const error = await failure(poller.result(), OperationFailedError);
      expect(error.operation).toMatchObject({status: 'failed', error: service.error});
    });

    test('an HTTP error is no word of the operation, whatever its body says', async () => {
      const missing = {http: 404, body: {kind: 'Status', status: 'Failure', data: {status: 'processing'}}};
      const {poller} = await startService(service, [service.running, missing]);
      const {error} = await new Promise<RetryingEvent>((resolve) => poller.on('retrying', resolve));
      poller.stop();
      expect(error.httpStatus).toBe(404);
    });

    const {cancel} = service;
    if (cancel === undefined) {
      test('cannot be canceled', async () => {
        const {poller} = await startService(service, [service.running]);
        await expect(poller.cancel()).rejects.toThrow(TypeError);
        poller.stop();
        await poller.result().catch(() => undefined);
      });
    } else {
      test('is canceled', async () => {
        const {server, poller, lines} = await startService(service, [service.running]);
        await poller.waitFor('running');
        await poller.cancel();
        poller.stop();
        await poller.result().catch(() => undefined);
        expect(server.requests[lines.indexOf(cancel)]?.headers).toMatchObject(service.headers);
      });
    }
  });
}
