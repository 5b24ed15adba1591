// Each service of the catalogue, from its start to its end, over real HTTP.

import {readdirSync, readFileSync} from 'node:fs';
import {describe, expect, test} from '@jest/globals';
import * as catalog from '../../src/catalog/index.ts';
import {OperationCanceledError, protocols} from '../../src/index.ts';
import {failure} from '../support/behaviours.ts';
import {services} from './answers.ts';
import {describeServices, startService} from './start-service.ts';

describeServices(services);

test.each([
  ['all canceled', {succeeded: 0, errored: 0, canceled: 3, expired: 0}, 'canceled'],
  ['all expired', {succeeded: 0, errored: 0, canceled: 0, expired: 3}, 'failed'],
  ['one succeeded', {succeeded: 1, errored: 1, canceled: 1, expired: 0}, 'succeeded'],
])("Anthropic's batch whose requests are %s", async (_, request_counts, status) => {
  const ended = {body: {id: 'msgbatch_1', processing_status: 'ended', request_counts}};
  const {poller} = await startService(services.anthropicBatches, [ended]);
  await poller.result().catch(() => undefined);
  expect(poller.status).toBe(status);
});

test('a Snowflake statement that took too long is canceled', async () => {
  const late = {http: 408, body: {code: '000630', message: 'Statement reached its timeout'}};
  const {poller} = await startService(services.snowflakeStatements, [late]);
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

  test('has a function only where the page says so', () => {
    const withRead = Object.entries<{readonly read?: unknown}>(catalog).filter(([, {read}]) => read !== undefined);
    const page = readFileSync(new URL('../../docs/catalog.md', import.meta.url), 'utf8');
    expect(withRead.map(([name]) => `Only \`${name}\` has one`).filter((text) => !page.includes(text))).toEqual([]);
    expect(withRead).toHaveLength(1);
  });

  test('its protocols have names of their own, and can be defined anew', () => {
    const names = Object.values<{readonly name: string}>(catalog).map(({name}) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(protocols.define({...catalog.falQueue, name: 'mine'}).authorization).toEqual(catalog.falQueue.authorization);
  });
});
