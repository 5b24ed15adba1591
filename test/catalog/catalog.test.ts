// Each service of the catalogue, from its start to its end, over real HTTP.

import {readdirSync, readFileSync} from 'node:fs';
import {describe, expect, test} from '@jest/globals';
import * as catalog from '../../src/catalog/index.ts';
import {createOperationClient, type StartedOperation} from '../../src/client/index.ts';
import {OperationCanceledError, OperationFailedError, type OperationPoller, protocols} from '../../src/index.ts';
import {failure, quick, startServer, type TestServer} from '../support/behaviours.ts';
import {type Answer, key, type Service, services} from './answers.ts';

/** Starts an operation at a service that goes through these answers when polled. */
async function start(
  {protocol, root, path, started, polled, cancel, fetched}: Service,
  answers: readonly Answer[],
): Promise<{server: TestServer; poller: OperationPoller; lines: readonly string[]}> {
  const lines: string[] = [];
  let own = '';
  let polls = 0;
  const server = await startServer(({method, url = ''}, response) => {
    const line = `${method} ${url}`;
    lines.push(line);
    const isPoll = line === `GET ${polled}`;
    const found: Record<string, Answer> = {[`POST ${root}${path}`]: started, [cancel ?? '']: {body: {}}};
    if (fetched !== undefined) found[`GET ${fetched[0]}`] = {body: fetched[1] as object};
    const poll = answers[Math.min(polls, answers.length - 1)];
    if (isPoll) polls += 1;
    const {http = 200, body} = (isPoll ? poll : found[line]) ?? {http: 404, body: {error: line}};
    response.writeHead(http, {'content-type': 'application/json'});
    response.end(JSON.stringify(body).replaceAll('"root/', `"${own}/`));
  });
  own = server.root;
  const client = createOperationClient({root: server.root + root, token: key});
  const begun: StartedOperation = await client.start(
    protocol,
    {path, body: {}},
    {schedule: quick.schedule, fetchResult: true},
  );
  if (!begun.confirmed) throw new Error('It was not confirmed');
  return {server, poller: begun.poller, lines};
}

describe.each(Object.entries(services))('%s', (_, service) => {
  test('succeeds', async () => {
    const {server, poller, lines} = await start(service, [service.running, service.running, service.succeeded]);
    const operation = await poller.result();
    expect(operation.result).toEqual(service.result);
    expect(lines[0]).toBe(`POST ${service.root}${service.path}`);
    expect(lines.filter((line) => line === `GET ${service.polled}`)).toHaveLength(3);
    for (const {headers} of server.requests) expect(headers).toMatchObject(service.headers);
    expect(JSON.stringify(poller)).not.toContain(key);
  });

  test("fails with the service's own code", async () => {
    const {poller} = await start(service, [service.running, service.failed]);
    const error = await failure(poller.result(), OperationFailedError);
    expect(error.operation).toMatchObject({status: 'failed', error: service.error});
  });

  const {cancel} = service;
  if (cancel === undefined) {
    test('cannot be canceled', async () => {
      const {poller} = await start(service, [service.running]);
      await expect(poller.cancel()).rejects.toThrow(TypeError);
      poller.stop();
      await poller.result().catch(() => undefined);
    });
  } else {
    test('is canceled', async () => {
      const {server, poller, lines} = await start(service, [service.running]);
      await poller.waitFor('running');
      await poller.cancel();
      poller.stop();
      await poller.result().catch(() => undefined);
      expect(server.requests[lines.indexOf(cancel)]?.headers).toMatchObject(service.headers);
    });
  }
});

test.each([
  ['all canceled', {succeeded: 0, errored: 0, canceled: 3, expired: 0}, 'canceled'],
  ['all expired', {succeeded: 0, errored: 0, canceled: 0, expired: 3}, 'failed'],
  ['one succeeded', {succeeded: 1, errored: 1, canceled: 1, expired: 0}, 'succeeded'],
])("Anthropic's batch whose requests are %s", async (_, request_counts, status) => {
  const ended = {body: {id: 'msgbatch_1', processing_status: 'ended', request_counts}};
  const {poller} = await start(services.anthropicBatches, [ended]);
  await poller.result().catch(() => undefined);
  expect(poller.status).toBe(status);
});

test('a Snowflake statement that took too long is canceled', async () => {
  const late = {http: 408, body: {code: '000630', message: 'Statement reached its timeout'}};
  const {poller} = await start(services.snowflakeStatements, [late]);
  const {operation} = await failure(poller.result(), OperationCanceledError);
  expect(operation).toMatchObject({error: {code: '000630'}});
});

describe('the catalogue', () => {
  const folder = new URL('../../src/catalog/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file !== 'index.ts');

  test('has a file, a row and a use of each service', () => {
    const page = readFileSync(new URL('../../docs/catalog.md', import.meta.url), 'utf8');
    expect(files).toHaveLength(Object.keys(catalog).length);
    expect(Object.keys(services).filter((name) => !page.includes(`| \`${name}\``))).toEqual([]);
    expect(
      Object.keys(services).filter(
        (name) => !page.includes(`client.start(${name},`) && !page.includes(`protocol: ${name},`),
      ),
    ).toEqual([]);
  });

  test.each(files)('%s says what it was checked against, and when', (file) => {
    expect(readFileSync(new URL(file, folder), 'utf8').replaceAll('\n * ', ' ')).toMatch(
      /https:\/\/.*Checked against .* on 20\d\d-\d\d-\d\d, not tried live\./,
    );
  });

  test('its protocols have names of their own, and can be defined anew', () => {
    const names = Object.values<{readonly name: string}>(catalog).map(({name}) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(protocols.define({...catalog.falQueue, name: 'mine'}).authorization).toEqual(catalog.falQueue.authorization);
  });
});
