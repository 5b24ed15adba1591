import {describe, expect, test} from '@jest/globals';
import type {SucceededOperation} from '../../src/operation/operation.ts';
import type {Protocol} from '../../src/protocol/protocol.ts';
import {protocolReader} from '../../src/protocol/protocol-reader.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import {decideResultLocation, findResult, type StartRequest} from '../../src/protocol/result-location.ts';

const root = 'https://graph.microsoft.com/v1.0';
const location = `${root}/operations/1`;
const succeeded = {id: '1', status: 'succeeded', rawStatus: 'succeeded', raw: null} as const;

function source(protocol: Protocol, operation: SucceededOperation, started?: StartRequest & {root?: string}) {
  const settings = {reader: protocolReader(protocol), started, pathRoot: started?.root};
  return findResult(operation, {location, resultLocation: decideResultLocation(location, settings)}, settings);
}

function at(...given: Parameters<typeof source>): string | undefined {
  return source(...given).location;
}

describe('the result of an operation', () => {
  const resourceLocation = `${root}/teams/1?x='%7e'`;

  test('is at its resourceLocation, byte for byte', () => {
    expect(at(protocols.longRunning, {...succeeded, resourceLocation})).toBe(resourceLocation);
  });

  test.each([
    ['is in the response itself', {...succeeded, resourceLocation, result: 0}],
    ['is nowhere without a resourceLocation', succeeded],
    ['is nowhere with an invalid resourceLocation', {...succeeded, resourceLocation: 'javascript:alert(1)'}],
    ['is nowhere with an empty resourceLocation', {...succeeded, resourceLocation: ''}],
  ] as const)('%s', (_, operation) => {
    expect(at(protocols.longRunning, operation)).toBeUndefined();
  });

  test.each([
    ['under the known root', {url: `${root}/teams`, method: 'POST', root}, `${root}/groups('a')/team`],
    ['otherwise by the rules of URLs', undefined, "https://graph.microsoft.com/groups('a')/team"],
  ])('of Teams is at a path: %s', (_, started, expected) => {
    expect(at(protocols.graph.teams, {...succeeded, resourceLocation: "/groups('a')/team"}, started)).toBe(expected);
  });

  test("of an audit query is at its records', of other exports in the response", () => {
    expect(at(protocols.graph.auditQuery, {...succeeded, resourceLocation})).toBe(`${location}/records`);
    expect(at(protocols.graph.intuneExport, succeeded)).toBeUndefined();
  });

  test('of a drive copy is where the 303 redirects', () => {
    const item = 'https://contoso.sharepoint.com/_api/v2.0/drive/items/01';
    expect(at(protocols.graph.driveCopy, {...succeeded, resourceLocation: item})).toBe(item);
  });

  test.each([
    ['google.longrunning', protocols.google.longrunning],
    ['azure.location', protocols.azure.location],
  ])('of %s is never fetched elsewhere', (_, protocol) => {
    const started = {url: `${root}/a`, method: 'PUT', location: `${root}/b`};
    expect(at(protocol, {...succeeded, resourceLocation}, started)).toBeUndefined();
  });
});

describe("the result of Azure's operations is where Azure's own client looks", () => {
  const {statusMonitor} = protocols.azure;
  const url = 'https://management.azure.com/subscriptions/s/things/t?api-version=1';
  const result = 'https://management.azure.com/subscriptions/s/results/r?api-version=1';
  const resourceLocation = 'https://management.azure.com/subscriptions/s/things/u';

  test.each([
    ['PUT', result, url],
    ['PUT', undefined, url],
    ['PATCH', result, result],
    ['PATCH', undefined, url],
    ['POST', result, result],
    ['post', result, result],
    ['POST', undefined, undefined],
    ['DELETE', result, undefined],
    ['DELETE', undefined, undefined],
  ])('%s with the Location %s: %s', (method, header, expected) => {
    expect(at(statusMonitor, succeeded, {url, method, location: header})).toBe(expected);
  });

  test.each(['PUT', 'PATCH', 'POST', 'DELETE'])('%s with a resourceLocation: there', (method) => {
    expect(at(statusMonitor, {...succeeded, resourceLocation}, {url, method, location: result})).toBe(resourceLocation);
  });

  test('52: not known if the start is not, unless the answer has the result, or says that there is none', () => {
    expect(() => source(statusMonitor, succeeded)).toThrow(
      'where the operation was started, which is not known: give the option started, {method, url, location}',
    );
    expect(source(statusMonitor, {...succeeded, result: 5})).toEqual({result: 5});
    const none = {...succeeded, raw: {resourceLocation: null}};
    expect(source(statusMonitor, none)).toEqual({result: undefined});
    expect(source(statusMonitor, none, {url, method: 'PUT'})).toEqual({result: undefined});
  });

  const vias = [undefined, 'location', 'original-uri', 'operation-location', 'azure-async-operation'] as const;
  test.each<[string, string | undefined, ReadonlyArray<string | null>]>([
    ['PUT', result, [url, url, url, url, url]],
    ['PATCH', result, [result, result, url, url, url]],
    ['PATCH', undefined, [url, url, url, url, url]],
    ['POST', result, [result, result, url, null, null]],
    ['POST', undefined, [null, null, url, null, null]],
    ['GET', result, [result, result, url, null, null]],
    ['DELETE', result, [null, null, null, null, null]],
  ])('54: %s with the Location %s, by final-state-via', (method, header, expected) => {
    const reader = protocolReader(statusMonitor);
    const started = {url, method, location: header};
    const decided = vias.map((finalStateVia) => decideResultLocation(location, {started, reader, finalStateVia}));
    expect(decided).toEqual(expected);
  });

  test("54: at the monitor: its result, else its whole body; a decided URL beats the monitor's result", () => {
    const whole = {...succeeded, raw: {status: 'Succeeded', value: 5}};
    expect(source(statusMonitor, whole, {url, method: 'DELETE'})).toEqual({result: whole.raw});
    expect(source(statusMonitor, {...whole, result: 7}, {url, method: 'POST'})).toEqual({result: 7});
    expect(at(statusMonitor, {...whole, result: 7}, {url, method: 'PUT'})).toBe(url);
  });

  test('a relative Location belongs to the host that sent it', () => {
    const started = {url, method: 'POST', location: '/subscriptions/s/results/r'};
    expect(at(statusMonitor, succeeded, started)).toBe('https://management.azure.com/subscriptions/s/results/r');
  });

  test('the watched location is not fetched again', () => {
    expect(at(statusMonitor, succeeded, {url, method: 'POST', location})).toBeUndefined();
    expect(at(statusMonitor, succeeded, {url, method: 'PATCH', location})).toBe(url);
  });
});
