import {beforeEach, expect, test} from '@jest/globals';
import type {GraphClient} from '../../src/graph/index.ts';
import {pollOperation} from '../../src/poll-operation.ts';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import type {EmulatedOperation, GraphEmulator} from '../../src/testing/index.ts';
import {startEmulator} from '../testing/emulators.ts';
import {clientOf, eventsOf, everything, quick, rejectionOf} from './clients.ts';

const token = 'marker-token-to-watch';
const startToken = 'marker-token-to-start';

let home: GraphEmulator;
let foreign: GraphEmulator;
/** An operation of the foreign server, which needs no token. */
let trap: EmulatedOperation;
let graph: GraphClient;

beforeEach(async () => {
  home = await startEmulator();
  foreign = await startEmulator();
  trap = foreign.addOperation({path: '/trap', version: false, bearer: false, query: 'sig=s', script: ['succeeded']});
  graph = clientOf(home, {token, startToken, batch: 10});
});

/** No token has reached the foreign server, by whatever header, path or body. */
function expectNoToken(): void {
  expect(foreign.received).toBeGreaterThan(0);
  expect(JSON.stringify(foreign.requests)).not.toContain('marker-token');
}

test.each([302, 307])('not by a redirect (%s), by itself or in a batch', async (http) => {
  const script = [{http, redirect: trap.location}];
  const single = graph.watch(home.addOperation({script}).location, quick);
  expect((await single.result()).status).toBe('succeeded');
  const pollers = [1, 2].map(() => graph.watch(home.addOperation({script}).location, quick));
  await Promise.all(pollers.map((poller) => poller.result()));
  expect(home.requests.at(-1)?.path).toBe('/v1.0/$batch');
  expectNoToken();
});

test('not by a relocation, which a bearer protocol does not follow', async () => {
  const {location} = home.addOperation({script: [{status: 'running', location: trap.location}, 'succeeded']});
  await graph.watch(location, quick).result();
  expect(foreign.received).toBe(0);
});

test('not by a relocation that the protocol allows, nor is its query shown', async () => {
  const protocol = defineProtocol({...protocols.longRunning, name: 'roaming', foreignHosts: true});
  const {location} = home.addOperation({script: [{status: 'running', location: trap.location}]});
  const poller = graph.watch(location, {protocol, ...quick});
  const events = eventsOf(poller);
  await poller.result();
  expectNoToken();
  expect(everything(events)).not.toContain('sig=s');
});

test('not to a foreign location of a bearer protocol that allows foreign hosts, nor is its query shown', async () => {
  const protocol = defineProtocol({...protocols.longRunning, name: 'roaming', foreignHosts: true});
  const poller = graph.watch(trap.location, {protocol, ...quick});
  const events = eventsOf(poller);
  await poller.result();
  expectNoToken();
  expect(everything(events)).not.toContain('sig=s');
});

test('not to a resourceLocation', async () => {
  const resource = foreign.addResource({path: '/result', version: false, bearer: false});
  const script = [{status: 'succeeded', resourceLocation: resource.location}];
  const poller = graph.watch(home.addOperation({script}).location, {...quick, fetchResult: true});
  expect((await poller.result()).result).toEqual({id: 'result'});
  expectNoToken();
});

test('not to where a start leads', async () => {
  home.addStart({path: '/copy', answer: {location: trap.location}});
  const error = await rejectionOf(graph.start(protocols.longRunning, {path: '/copy'}, quick));
  expect(error).toMatchObject({name: 'OperationNotWatchableError'});
  expect(foreign.received).toBe(0);

  foreign.addOperation({path: '/monitor', version: false, bearer: false, script: ['completed']});
  home.addStart({path: '/drive', answer: {location: `${foreign.root}/monitor`}});
  const {poller} = await graph.start(protocols.graph.driveCopy, {path: '/drive'}, quick);
  await poller!.result();
  expectNoToken();
});

test('not to where a start is redirected', async () => {
  home.addStart({path: '/copy', answer: {http: 307, redirect: `${foreign.root}/trap`}});
  const error = await rejectionOf(graph.start(protocols.longRunning, {path: '/copy', body: {}}, quick));
  expect(error).toMatchObject({name: 'OperationNotStartedError', mayHaveStarted: true});
  expect(foreign.received).toBe(0);
});

test('not by a resume token of another origin', async () => {
  const poller = pollOperation(trap.location, quick);
  poller.stop();
  await rejectionOf(poller.result());
  expect(() => graph.resume(poller.toJSON(), quick)).toThrow(/^resume: expected the token of an operation on/);
  // One that was tampered with: its token origin is the client's, its location is not.
  const forged = {...poller.toJSON(), tokenOrigin: home.root};
  expect(() => graph.resume(forged, quick)).toThrow(/^trustedOrigins: expected http:\/\/127\.0\.0\.1:\d+ among them/);
  expect(foreign.received).toBe(0);
});

test('not to a location that the caller mistook', async () => {
  expect(() => graph.watch(trap.location)).toThrow(/^location: expected one on/);
  expect(() => graph.watchOperation('user', trap.location)).toThrow(/^location: expected one on/);
  expect(foreign.received).toBe(0);
});

test('not by a cancellation', async () => {
  const protocol = defineProtocol({
    ...protocols.longRunning,
    name: 'roaming',
    foreignHosts: true,
    cancel: {method: 'POST', suffix: ':cancel'},
  });
  trap.rescript(['running']);
  const poller = graph.watch(trap.location, {protocol, ...quick});
  await poller.waitFor('running');
  await rejectionOf(poller.cancel());
  poller.stop();
  await rejectionOf(poller.result());
  expect(foreign.requests.some(({method}) => method === 'POST')).toBe(true);
  expectNoToken();
});

test('but to trusted origins', async () => {
  const trusted = foreign.addOperation({script: ['succeeded']});
  await graph.watch(trusted.location, {...quick, trustedOrigins: [foreign.root]}).result();
  expect(trusted.requests[0]?.headers['authorization']).toBe(`Bearer ${token}`);
});

test('the tokens are in nothing that can be seen of a client and its pollers', async () => {
  const poller = graph.watch(home.addOperation({script: ['running', {http: 403}]}).location, quick);
  const events = eventsOf(poller);
  const error = await rejectionOf(poller.result());
  expect(everything(graph, poller, events, error, poller.toJSON())).not.toContain('marker-token');
});
