import {describe, expect, test} from '@jest/globals';
import {defineProtocol} from '../../src/protocol/define-protocol.ts';
import type {Protocol} from '../../src/protocol/protocol.ts';
import {protocolReader} from '../../src/protocol/protocol-reader.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import {readStart} from '../../src/protocol/read-start.ts';

const {azure, google, graph, longRunning} = protocols;
const root = 'https://service.example/v1';
const url = `${root}/things/1`;
const monitor = `${root}/operations/1`;
const headers = {none: {}, monitor: {'operation-location': monitor}, location: {location: monitor}};

/** What a start says, in one line. */
function say(protocol: Protocol, method: string, status: number, body: unknown, header: keyof typeof headers = 'none') {
  const answer = {url, status, headers: new Headers(headers[header]), json: body};
  const report = readStart(method, answer, protocolReader(protocol), root, root);
  if (report.kind === 'unconfirmed') return 'unconfirmed';
  if (report.kind === 'ended') return `${report.operation.status} by ${report.protocol.name}`;
  const {location, isFirstReport} = report;
  return `${isFirstReport ? 'watch from here' : 'watch'} ${location.slice(root.length)} by ${report.protocol.name}`;
}

const error = {code: 'Broken', message: 'It broke'};

describe('44: a body that says that the operation has ended, and no location header', () => {
  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'GET'])('%s', (method) => {
    expect(say(longRunning, method, 200, {status: 'succeeded'})).toBe('succeeded by longRunning');
    expect(say(longRunning, method, 201, {status: 'failed', error})).toBe('failed by longRunning');
    expect(say(longRunning, method, 202, {status: 'skipped'})).toBe('canceled by longRunning');
  });

  test('has its error', () => {
    const answer = {url, status: 201, headers: new Headers(), json: {status: 'failed', error}};
    expect(readStart('POST', answer, protocolReader(longRunning), root, root)).toMatchObject({operation: {error}});
  });

  test.each([
    ['PUT', {properties: {provisioningState: 'Failed'}, error}, 'failed by azure.resource'],
    ['PATCH', {provisioningState: 'Canceled'}, 'canceled by azure.resource'],
    ['POST', {status: 'Failed', error}, 'failed by azure.statusMonitor'],
    ['DELETE', {status: 'Succeeded'}, 'succeeded by azure.statusMonitor'],
  ])('Azure: %s %j: %s', (method, body, expected) => {
    expect(say(azure.statusMonitor, method, 200, body)).toBe(expected);
  });

  test("by Google's done", () => {
    expect(say(google.longrunning, 'POST', 200, {done: true, response: 5})).toBe('succeeded by google.longrunning');
  });
});

describe('45: a body that has not ended, and no location header', () => {
  const original = defineProtocol({...longRunning, name: 'original', start: 'original'});
  test.each<[Protocol, string, number, unknown, string]>([
    [longRunning, 'PUT', 201, {status: 'running'}, 'watch from here /things/1 by longRunning'],
    [longRunning, 'PATCH', 202, {status: 'running'}, 'watch from here /things/1 by longRunning'],
    [longRunning, 'GET', 200, {status: 'somethingNew'}, 'watch from here /things/1 by longRunning'],
    [longRunning, 'PUT', 202, null, 'watch /things/1 by longRunning'],
    [longRunning, 'POST', 202, {status: 'running'}, 'unconfirmed'],
    [longRunning, 'DELETE', 202, null, 'unconfirmed'],
    [original, 'POST', 202, {status: 'running'}, 'watch from here /things/1 by original'],
    [original, 'DELETE', 202, null, 'watch /things/1 by original'],
    [
      graph.intuneExport,
      'POST',
      201,
      {id: 'a', status: 'notStarted'},
      'watch from here /things/1/a by graph.intuneExport',
    ],
    [google.longrunning, 'POST', 200, {name: 'operations/7'}, 'watch from here /operations/7 by google.longrunning'],
    [
      azure.statusMonitor,
      'PUT',
      201,
      {properties: {provisioningState: 'Creating'}},
      'watch from here /things/1 by azure.resource',
    ],
    [azure.statusMonitor, 'PUT', 202, {}, 'watch /things/1 by azure.resource'],
    [azure.statusMonitor, 'POST', 202, {status: 'Running'}, 'unconfirmed'],
  ])('%o %s %i %j: %s', (protocol, method, status, body, expected) => {
    expect(say(protocol, method, status, body)).toBe(expected);
  });
});

describe("46: Azure's answer to PUT, PATCH and GET is a resource", () => {
  test.each(['PUT', 'PATCH', 'GET'])('%s', (method) => {
    const read = (body: unknown) => say(azure.statusMonitor, method, 200, body);
    expect(read({status: 'Enabled'})).toBe('succeeded by azure.resource');
    expect(read({status: 'Failed', properties: {provisioningState: 'Succeeded'}})).toBe('succeeded by azure.resource');
    expect(read({status: 'Succeeded', provisioningState: 'Updating'})).toBe(
      'watch from here /things/1 by azure.resource',
    );
  });

  test('not to POST and DELETE', () => {
    expect(say(azure.statusMonitor, 'POST', 200, {status: 'Failed'})).toBe('failed by azure.statusMonitor');
    expect(say(azure.statusMonitor, 'DELETE', 200, {status: 'Canceled'})).toBe('canceled by azure.statusMonitor');
  });
});

describe('47: a body without any status, and no header', () => {
  test.each<[Protocol, string, number, unknown, string]>([
    [azure.statusMonitor, 'POST', 200, {value: 5}, 'succeeded by azure.statusMonitor'],
    [azure.statusMonitor, 'PUT', 201, {value: 5}, 'succeeded by azure.resource'],
    [azure.location, 'POST', 201, {value: 5}, 'succeeded by azure.location'],
    [graph.workbook, 'POST', 201, {id: 'session'}, 'succeeded by graph.workbook'],
    [graph.workbook, 'POST', 200, {value: 5}, 'succeeded by graph.workbook'],
    [longRunning, 'POST', 200, {newPassword: 'x'}, 'unconfirmed'],
    [longRunning, 'PUT', 201, {value: 5}, 'unconfirmed'],
    [longRunning, 'POST', 204, null, 'succeeded by longRunning'],
    [longRunning, 'DELETE', 200, null, 'succeeded by longRunning'],
    [longRunning, 'DELETE', 204, null, 'succeeded by longRunning'],
    [longRunning, 'DELETE', 200, undefined, 'unconfirmed'],
    [longRunning, 'DELETE', 200, {error}, 'unconfirmed'],
    [azure.statusMonitor, 'PUT', 201, null, 'unconfirmed'],
    [azure.statusMonitor, 'PUT', 200, undefined, 'unconfirmed'],
    [azure.statusMonitor, 'PUT', 202, undefined, 'unconfirmed'],
    [azure.statusMonitor, 'POST', 200, {error}, 'unconfirmed'],
    [azure.statusMonitor, 'POST', 203, {value: 5}, 'unconfirmed'],
    [azure.statusMonitor, 'POST', 404, {status: 'Succeeded'}, 'unconfirmed'],
    [graph.intuneExport, 'POST', 201, {status: 'completed'}, 'unconfirmed'],
  ])('%o %s %i %j: %s', (protocol, method, status, body, expected) => {
    expect(say(protocol, method, status, body)).toBe(expected);
  });

  test('nor a header that cannot be used', () => {
    const answer = {url, status: 200, headers: new Headers({location: 'javascript:alert(1)'}), json: {value: 5}};
    expect(readStart('POST', answer, protocolReader(azure.statusMonitor), root, root)).toEqual({kind: 'unconfirmed'});
  });
});

describe('the HTTP status of a start that leads to the operation by its body', () => {
  const byHttp = defineProtocol({
    name: 'byHttp',
    status: '/status',
    words: {},
    httpStatuses: {202: 'running', 201: 'running', 200: 'succeeded'},
    start: {template: '/results/{/id}'},
  });
  const byId = defineProtocol({...byHttp, name: 'byId', start: 'resource'});
  const byName = defineProtocol({...byHttp, name: 'byName', start: '/id'});

  test.each([byHttp, byId, byName])('is no end, and a report only where it is 202: %o', (protocol) => {
    const location = protocol === byHttp ? '/results/7' : protocol === byId ? '/things/1/7' : '/7';
    expect(say(protocol, 'POST', 200, {id: '7'})).toBe(`watch ${location} by ${protocol.name}`);
    expect(say(protocol, 'POST', 201, {id: '7'})).toBe(`watch ${location} by ${protocol.name}`);
    expect(say(protocol, 'POST', 202, {id: '7'})).toBe(`watch from here ${location} by ${protocol.name}`);
  });
});

describe('48: a location header and a body with a word', () => {
  test.each<[Protocol, string, keyof typeof headers, unknown, string]>([
    [longRunning, 'POST', 'location', {status: 'succeeded'}, 'watch /operations/1 by longRunning'],
    [azure.statusMonitor, 'POST', 'monitor', {status: 'Failed'}, 'watch /operations/1 by azure.statusMonitor'],
    [azure.statusMonitor, 'DELETE', 'location', {status: 'Failed'}, 'watch /operations/1 by azure.location'],
    [
      azure.statusMonitor,
      'PUT',
      'monitor',
      {provisioningState: 'Creating'},
      'watch /operations/1 by azure.statusMonitor',
    ],
    [azure.statusMonitor, 'PUT', 'monitor', {}, 'watch /operations/1 by azure.statusMonitor'],
    [azure.statusMonitor, 'PUT', 'monitor', {properties: {provisioningState: 'Failed'}}, 'failed by azure.resource'],
    [
      azure.statusMonitor,
      'PATCH',
      'location',
      {properties: {provisioningState: 'Succeeded'}},
      'succeeded by azure.resource',
    ],
  ])('%o %s with %s and %j: %s', (protocol, method, header, body, expected) => {
    expect(say(protocol, method, 200, body, header)).toBe(expected);
  });
});
