import {expect, test} from '@jest/globals';
import type {ClientPollOptions} from '../../src/graph/index.ts';
import {ResultUnavailableError, WatchAbortedError} from '../../src/operation/errors.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import type {OperationStep} from '../../src/testing/index.ts';
import {startEmulator} from '../testing/emulators.ts';
import {clientOf, eventsOf, quick, rejectionOf, token} from './clients.ts';

/** A poller whose operation succeeds, with a resource that answers so. */
async function fetching(script: readonly OperationStep[], options: ClientPollOptions = {}) {
  const emulator = await startEmulator();
  const resource = emulator.addResource({path: '/sites/new', script});
  const steps = [{status: 'succeeded', resourceLocation: resource.location}];
  const graph = clientOf(emulator, {batch: false});
  const operation = emulator.addOperation({script: steps});
  const poller = graph.watch(operation.location, {...quick, fetchResult: true, ...options});
  return {emulator, resource, graph, operation, poller};
}

test('42: 404, 404, 200: the operation stays succeeded, and has its result', async () => {
  const {resource, operation, poller, graph, emulator} = await fetching([
    {http: 404, times: 2, retryAfter: 0},
    {fields: {name: 'x'}},
  ]);
  const events = eventsOf(poller);
  const early = await poller.waitFor('succeeded');
  expect([early, poller.status]).toEqual([expect.not.objectContaining({result: expect.anything()}), 'succeeded']);
  const done = await poller.result();
  expect([done.status, done.result, poller.operation]).toEqual(['succeeded', {id: 'new', name: 'x'}, done]);
  expect(Object.isFrozen(done.result)).toBe(true);
  expect(events.map(({type}) => type)).toEqual(['polled', 'succeeded']);
  expect([resource.polls, operation.polls]).toEqual([3, 1]);

  const asked = emulator.received;
  const resumed = graph.resume(JSON.stringify(poller), {fetchResult: true});
  expect([(await resumed.result()).result, emulator.received]).toEqual([{id: 'new', name: 'x'}, asked]);
});

test.each<[string, readonly OperationStep[]]>([
  ['404', [{http: 404}]],
  ['403', [{http: 403}]],
  ['no JSON', [{text: '<html>'}]],
  ['a redirect to nowhere', [{http: 302, text: ''}]],
  ['a reset', [{fault: 'reset'}]],
])('a result that cannot be fetched: %s', async (_, script) => {
  const {poller, graph, resource} = await fetching(script, {notFoundGrace: 0});
  const error = await rejectionOf(poller.result());
  expect(error).toBeInstanceOf(ResultUnavailableError);
  expect(error).toMatchObject({operation: {status: 'succeeded'}, cause: {name: 'PollError'}});
  expect([poller.status, poller.actor.getSnapshot().value]).toEqual(['succeeded', 'succeeded']);
  // The token of the error fetches it again.
  resource.rescript([{fields: {name: 'late'}}]);
  const resumed = graph.resume((error as ResultUnavailableError).resumeToken!, {...quick, fetchResult: true});
  expect((await resumed.result()).result).toEqual({id: 'new', name: 'late'});
});

test('stop and the signal end the phase, and leave the operation succeeded', async () => {
  for (const how of ['stop', 'signal'] as const) {
    const controller = new AbortController();
    const {poller, resource, emulator} = await fetching([{fault: 'hang'}], {signal: controller.signal});
    poller.on('succeeded', () => {
      void emulator.nextRequest().then(() => (how === 'stop' ? poller.stop('enough') : controller.abort('enough')));
    });
    const error = await rejectionOf(poller.result());
    expect(error).toBeInstanceOf(WatchAbortedError);
    expect([(error as WatchAbortedError).cause, poller.status]).toEqual(['enough', 'succeeded']);
    await emulator.idle();
    expect(resource.requests.map(({aborted}) => aborted)).toEqual([true]);
  }
});

test('what is in the answer itself is not fetched, nor what a protocol knows no place for', async () => {
  const emulator = await startEmulator();
  const graph = clientOf(emulator);
  const options = {...quick, fetchResult: true};
  const inline = emulator.addOperation({path: '/m', script: [{status: 'completed', fields: {url: 'u'}}]});
  expect(
    (await graph.watch(inline.location, {...options, protocol: protocols.graph.intuneExport}).result()).result,
  ).toBe('u');
  const none = emulator.addOperation({script: ['succeeded']});
  expect((await graph.watch(none.location, options).result()).result).toBeUndefined();
  expect(emulator.received).toBe(2);
});

test('records are found under the operation, with the token', async () => {
  const emulator = await startEmulator({token});
  emulator.addStart({path: '/queries', answer: {http: 201, body: {id: '1', status: 'succeeded'}}});
  const records = emulator.addResource({path: '/queries/1/records', script: [{fields: {value: []}}]});
  const {poller} = await clientOf(emulator).start(
    protocols.graph.auditQuery,
    {path: '/queries'},
    {...quick, fetchResult: true},
  );
  expect((await poller!.result()).result).toMatchObject({value: []});
  expect(records.requests).toHaveLength(1);
});

test.each([
  ['the resourceLocation before all others', 'PUT', true, '/results/resource'],
  ['the original URL of a PUT', 'PUT', false, '/things/1'],
] as const)('Azure: %s', async (_, method, named, expected) => {
  const emulator = await startEmulator();
  const resource = emulator.addResource({path: '/results/resource'});
  emulator.addResource({path: '/things/1'});
  const script = [{status: 'Succeeded', ...(named ? {resourceLocation: resource.location} : {})}];
  emulator.addStart({path: '/things/1', method, header: 'Operation-Location', starts: {path: '/monitors/1', script}});
  const {poller} = await clientOf(emulator).start(
    protocols.azure.statusMonitor,
    {method, path: '/things/1', body: {}},
    {...quick, fetchResult: true},
  );
  await poller!.result();
  expect(emulator.requests.at(-1)?.path).toBe(`/v1.0${expected}`);
});

test('Azure: the Location of a POST', async () => {
  const emulator = await startEmulator();
  const result = emulator.addResource({path: '/results/location'});
  emulator.addStart({
    path: '/things',
    header: 'Operation-Location',
    answer: {headers: {Location: result.location}},
    starts: {path: '/monitors/1', script: ['Succeeded']},
  });
  const {poller} = await clientOf(emulator).start(
    protocols.azure.statusMonitor,
    {path: '/things'},
    {...quick, fetchResult: true},
  );
  expect((await poller!.result()).result).toEqual({id: 'location'});
});

test('a drive copy on Graph is fetched with the token, which its monitor on another host never gets', async () => {
  const graph = await startEmulator({token});
  const monitors = await startEmulator();
  const copy = graph.addResource({path: '/drives/d/items/copy', script: [{fields: {name: 'a copy.txt'}}]});
  const script = [{status: 'inProgress'}, {http: 303, redirect: copy.location}];
  const monitor = monitors.addOperation({path: '/monitor/{id}', version: false, bearer: false, script});
  const options = {...quick, protocol: protocols.graph.driveCopy, fetchResult: true};
  const {result} = await clientOf(graph).watch(monitor.location, options).result();
  expect(result).toEqual({id: 'copy', name: 'a copy.txt'});
  expect(monitors.requests.map(({headers}) => headers['authorization'])).toEqual([undefined, undefined]);
  expect(graph.requests.map(({headers}) => headers['authorization'])).toEqual([`Bearer ${token}`]);
});

test("a result as text, e.g. JSON lines, by fetchResult: 'text'", async () => {
  const {poller} = await fetching([{text: '{"a":1}\n{"a":2}\n'}], {fetchResult: 'text'});
  expect((await poller.result()).result).toBe('{"a":1}\n{"a":2}\n');
  const long = await fetching([{text: 'a,b\n'.repeat(1000)}], {fetchResult: 'text', maxResponseSize: 2000});
  expect(await rejectionOf(long.poller.result())).toBeInstanceOf(ResultUnavailableError);
});
