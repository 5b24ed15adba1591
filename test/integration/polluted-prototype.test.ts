// What other code has added to `Object.prototype` is no option, no header and no field of a protocol.

import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {describe, expect, test} from '@jest/globals';
import type {KyInstance} from 'ky';
import {createOperationClient} from '../../src/client/index.ts';
import {durableChecks} from '../../src/durable/durable-options.ts';
import {pollOperation, protocols, resumeOperation} from '../../src/index.ts';
import {leanHttp} from '../../src/node/index.ts';
import {pollOptionChecks} from '../../src/options/settings.ts';
import {createRecord, takeTurn} from '../../src/runner/index.ts';
import {turnChecks} from '../../src/runner/turn-options.ts';
import {createOperationTracker} from '../../src/tracker/index.ts';
import {startServer} from '../support/behaviours.ts';
import {thrownBy} from '../support/core.ts';

/** Does something while `Object.prototype` has these properties. */
async function whilePolluted<Result>(
  names: readonly string[],
  value: unknown,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  // As an assignment makes them.
  const property = {value, configurable: true, writable: true, enumerable: true};
  for (const name of names) Object.defineProperty(Object.prototype, name, property);
  try {
    return await work();
  } finally {
    for (const name of names) Reflect.deleteProperty(Object.prototype, name);
  }
}

/** Every request, and how each watch ended. */
async function everything(http: KyInstance | undefined): Promise<unknown> {
  let polls = 0;
  const {root, requests} = await startServer(({method}, response) => {
    if (method === 'POST') return response.writeHead(202, {'operation-location': '/op'}).end('{}');
    const status = polls++ % 2 === 0 ? 'running' : 'succeeded';
    return response.end(JSON.stringify({id: 'a', status, quoted: 'a-long-value\\u002d1'}));
  });
  const pace = {schedule: () => 1};
  const own = http === undefined ? {} : {http};
  const poller = pollOperation(`${root}/op`, {...pace, ...own});
  const watched = await poller.outcome();
  const resumed = await resumeOperation(JSON.stringify(poller), own).outcome();
  const client = createOperationClient({root, headers: {'x-api-key': 'a-long-value-1'}, ...own});
  const started = await client.start(protocols.longRunning, {path: '/things', body: {}}, pace);
  const raw = (await started.poller?.outcome())?.operation?.raw;
  const turn = await takeTurn(createRecord(`${root}/op`), {client}, Date.now() + 1);
  const tracker = await createOperationTracker({client, ...pace});
  const tracked = await (await tracker.add(`${root}/op`)).outcome();
  await tracker.close();
  const sent = requests.map(({method, url, headers}) => [method, url, headers['accept'], headers['x-api-key']]);
  return [sent, watched.status, resumed.status, raw, turn.record.token.operation?.status, tracked.status];
}

/** The names of the options of all options types, as the sources declare them. */
function optionNames(): readonly string[] {
  const folder = fileURLToPath(new URL('../../src/', import.meta.url));
  const isOurs = (path: string): boolean => path.endsWith('.ts') && !/^testing/.test(path);
  const sources = readdirSync(folder, {recursive: true, encoding: 'utf8'}).filter(isOurs);
  const types = sources.flatMap((path) => [
    ...readFileSync(join(folder, path), 'utf8').matchAll(/^(?:export )?interface \w*Options\b[^{]*\{\n(.*?)^\}/gms),
  ]);
  return types.flatMap(([, body = '']) =>
    [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, name = '']) => name),
  );
}

// ky, p-retry, fetch and undici themselves read these from there.
const others = new Set(
  'signal totalTimeout maxResponseSize method body headers status json dispatcher timeout priority'.split(' '),
);
const names = [
  ...new Set([...optionNames(), ...Object.keys({...pollOptionChecks, ...turnChecks, ...durableChecks})]),
  ...['retries', 'minTimeout', 'url', 'location'],
  ...['read', 'words', 'otherWords', 'withoutStatus', 'httpStatuses', 'resultLocation', 'start', 'requestHeaders'],
  ...['pollHeaders', 'locationHeaders', 'moveHeaders', 'pathsUnderRoot', 'locationOnly', 'resource', 'authorization'],
  ...['errorMeansFailed', 'errorCodes', 'throttlingCodes', 'foreignHosts', 'minimumInterval', 'retryAfter', 'id'],
  ...['operationLocation', 'takesText', 'startAfter', 'transitions', 'pathRoot', 'urlAt', 'evil'],
].filter((name) => !others.has(name));

const values = [{evil: 1}, ['/evil'], 'evil-value', 1, true, () => 'evil-value'];

test.each([
  ['ky', undefined],
  ['leanHttp', leanHttp()],
])('nothing is read from a polluted prototype, by %s', async (_, http) => {
  const expected = await everything(http);
  for (const value of values) expect(await whilePolluted(names, value, () => everything(http))).toEqual(expected);
});

describe('a protocol that is defined while the prototype is polluted', () => {
  const words = {busy: 'running', done: 'succeeded'} as const;

  test.each([...values, {name: 'evil', words}])('has its own fields alone: %p', async (value) => {
    const definition = {name: 'own', status: '/status', words, retryAfter: {header: 'x-wait', unit: 's'}} as const;
    const cancel = {method: 'POST', suffix: '/cancel'} as const;
    const fields = [...names, 'suffix', 'template', 'at', 'header', 'deletion', 'result', 'status', 'notFoundSucceeds'];
    const define = () => [
      protocols.define({...definition, cancel}),
      protocols.statusOnResource({name: 'resources', words}),
    ];
    expect(await whilePolluted(fields, value, define)).toEqual(define());
  });

  test('is marked so that a spread has no mark', async () => {
    const defined = await whilePolluted(['enumerable', 'writable'], true, () =>
      protocols.define(protocols.longRunning),
    );
    const copy: object = {...defined};
    expect(Object.getOwnPropertySymbols(copy)).toEqual([]);
    expect(
      String(thrownBy(() => Reflect.apply(pollOperation, undefined, ['https://a.example', {protocol: copy}]))),
    ).toMatch(/^TypeError: protocol: expected a protocol such as/);
  });
});
