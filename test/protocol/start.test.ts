import {describe, expect, test} from '@jest/globals';
import fc from 'fast-check';
import {protocolReader} from '../../src/protocol/protocol-reader.ts';
import * as protocols from '../../src/protocol/protocols.ts';
import {resolveLocation, withSuffix} from '../../src/protocol/resolve.ts';
import {type StartAnswer, startLocation, startProtocol} from '../../src/protocol/start.ts';

const {graph, google, longRunning} = protocols;
const origin = 'https://graph.microsoft.com';
const root = `${origin}/v1.0`;

function answer(headers: Record<string, string>, rest: Partial<StartAnswer> = {}): StartAnswer {
  return {url: `${root}/teams`, status: 202, headers: new Headers(headers), json: undefined, ...rest};
}

describe('by a header', () => {
  const at = (location: string, from = root): string | undefined =>
    startLocation(answer({location}), protocolReader(longRunning), from, from);

  test('row 35: an absolute one stays as it is, byte for byte', () => {
    const location = `${origin}/beta/users('A%20b')/authentication/operations/c?aadgdc=BY01P&aadgsu=ssprprod-a&x='%7e'`;
    expect(at(location)).toBe(location);
  });

  test.each([
    ['row 36: a path without the version', "/teams('a')/operations('b')", `${root}/teams('a')/operations('b')`],
    ['with a query', "/teams('a')?x=1&y=%20", `${root}/teams('a')?x=1&y=%20`],
    ['with the version', "/v1.0/teams('a')", `${root}/teams('a')`],
    ['with the version in another case', "/V1.0/teams('a')", `${origin}/V1.0/teams('a')`],
    ['with a segment that only begins like the version', '/v1.01/teams', `${root}/v1.01/teams`],
    ['that goes up', '/../../teams', `${root}/teams`],
    ['that goes up, percent-encoded', '/%2e%2e/%2E./teams', `${root}/teams`],
    ['relative to the request', 'operations/b', `${root}/operations/b`],
    ['a query alone', '?status', `${root}/teams?status`],
    ['on another host', '//elsewhere.example/b', 'https://elsewhere.example/b'],
    ['on the same host, in full', '//graph.microsoft.com/b', `${origin}/b`],
    ['on another host, by backslashes', '\\\\elsewhere.example/b', 'https://elsewhere.example/b'],
    ['on another host, by a slash and a backslash', '/\\elsewhere.example/b', 'https://elsewhere.example/b'],
    ['on another host, by a tab', '/\t/elsewhere.example/b', 'https://elsewhere.example/b'],
    ['on another host, absolute', 'https://elsewhere.example/b?sig=s', 'https://elsewhere.example/b?sig=s'],
    ['that is not encoded', '/teams/ä b', `${root}/teams/%C3%A4%20b`],
    ['over http', 'http://graph.microsoft.com/b', 'http://graph.microsoft.com/b'],
  ])('%s', (_, location, expected) => {
    const headers = {get: (name: string) => (name === 'location' ? location : null)};
    expect(startLocation({...answer({}), headers}, protocolReader(longRunning), root, root)).toBe(expected);
  });

  test.each([
    ['with user name and password', 'https://a:b@graph.microsoft.com/c'],
    ['of another scheme', 'ftp://graph.microsoft.com/c'],
    ['that is code', 'javascript:alert(1)'],
    ['that is a file', 'file:///etc/passwd'],
    ['that is invalid', 'https://'],
    ['that has no host', '//'],
    ['that is empty', ''],
  ])('rejects a location %s', (_, location) => {
    expect(at(location)).toBeUndefined();
  });

  test.each([
    ['a root with a trailing slash', `${root}/`],
    ['a root that is an origin', origin],
    ['an invalid root', 'nowhere'],
  ])('%s', (name, from) => {
    const expected = name.endsWith('slash') ? `${root}/teams('a')` : `${origin}/teams('a')`;
    expect(at("/teams('a')", from)).toBe(expected);
  });

  test('a path belongs to the host that sent it', () => {
    const elsewhere = answer({location: '/b'}, {url: 'https://elsewhere.example/a'});
    expect(startLocation(elsewhere, protocolReader(longRunning), root, root)).toBe('https://elsewhere.example/b');
  });

  test.each([
    ['the first of the headers', {'operation-location': '/a', location: '/b'}, `${root}/a`],
    ['the next if that is empty', {'operation-location': '', location: '/b'}, `${root}/b`],
    ['none if that is invalid', {'operation-location': 'https://', location: '/b'}, undefined],
    ['none without any', {'retry-after': '5'}, undefined],
  ])('%s', (_, headers, expected) => {
    expect(startLocation(answer(headers), protocolReader(graph.engagement), root, root)).toBe(expected);
  });

  test.each([
    [200, `${root}/b`],
    [201, `${root}/b`],
    [202, `${root}/b`],
    [303, undefined],
    [404, undefined],
    [500, undefined],
    [Number.NaN, undefined],
  ])('of a response with HTTP %i', (status, expected) => {
    expect(startLocation(answer({location: '/b'}, {status}), protocolReader(longRunning), root, root)).toBe(expected);
  });

  test('a workbook that responds 201 is already done', () => {
    const reader = protocolReader(graph.workbook);
    expect(startLocation(answer({location: '/b'}, {status: 201}), reader, root, root)).toBeUndefined();
    expect(startLocation(answer({location: '/b'}, {status: 202}), reader, root, root)).toBe(`${root}/b`);
  });

  test('keeps its protocol if that has no locationOnly', () => {
    expect(startProtocol(answer({location: '/b'}), protocolReader(longRunning))).toBe(longRunning);
  });
});

describe('as the resource itself', () => {
  const jobs = `${root}/deviceManagement/reports/exportJobs`;
  const at = (body: unknown, url = jobs): string | undefined =>
    startLocation(
      answer({location: '/elsewhere'}, {url, status: 201, json: body}),
      protocolReader(graph.intuneExport),
      root,
      root,
    );

  test.each([
    ['its id', '9ddfb995-b995', `${jobs}/9ddfb995-b995`],
    ['an id with a slash', 'a/b?c#d', `${jobs}/a%2Fb%3Fc%23d`],
    ['an id that is a number', 5, `${jobs}/5`],
    ['an id with a comma', 'contentTypeCopy,0x01', `${jobs}/contentTypeCopy%2C0x01`],
    ['an id that is already encoded', '%2e%2e', `${jobs}/%252e%252e`],
    ['an id that is a URL', 'https://elsewhere.example', `${jobs}/https%3A%2F%2Felsewhere.example`],
  ])('by %s', (_, id, expected) => {
    expect(at({id})).toBe(expected);
    expect(new URL(expected).href).toBe(expected);
  });

  test.each([['.'], ['..'], [''], ['\ud800'], [1.5], [2 ** 53], [null], [['a']], [{}]])('not by the id %p', (id) => {
    expect(at({id})).toBeUndefined();
  });

  test.each([[undefined], [null], ['x'], [[]], [{}]])('not in the body %p', (body) => {
    expect(at(body)).toBeUndefined();
  });

  test('without the query and fragment of the request', () => {
    expect(at({id: 'a'}, `${jobs}/?$select=id#x`)).toBe(`${jobs}/a`);
    expect(at({id: 'a'}, 'nowhere')).toBeUndefined();
  });

  test('by an id at another place in the body', () => {
    const body = {value: {id: 'a'}};
    expect(
      startLocation(answer({}, {url: jobs, status: 201, json: body}), protocolReader(graph.cloudPcExport), root, root),
    ).toBe(`${jobs}/a`);
  });
});

describe('by a name in the body', () => {
  const speech = 'https://speech.googleapis.com/v1';
  const at = (name: unknown, from = speech): string | undefined =>
    startLocation(
      {url: `${speech}/speech:longrunningrecognize`, status: 200, headers: new Headers(), json: {name}},
      protocolReader(google.longrunning),
      from,
      from,
    );

  test.each([
    ['a name', 'operations/1234', `${speech}/operations/1234`],
    ['a long name', 'projects/p/locations/l/operations/1', `${speech}/projects/p/locations/l/operations/1`],
    ['a name with a slash', '/operations/1', `${speech}/operations/1`],
    ['a name with the version', '/v1/operations/1', `${speech}/operations/1`],
    ['a name that goes up', '../../operations/1', `${speech}/operations/1`],
    ['a URL', 'https://speech.googleapis.com/v2/operations/1', 'https://speech.googleapis.com/v2/operations/1'],
    ['another host', '//elsewhere.example/operations/1', 'https://elsewhere.example/operations/1'],
    ['another host, by backslashes', '\\\\elsewhere.example/1', 'https://elsewhere.example/1'],
  ])('%s', (_, name, expected) => {
    expect(at(name)).toBe(expected);
  });

  test.each([
    ['javascript:alert(1)'],
    ['ftp://elsewhere.example/1'],
    ['operations:1'],
    [''],
    [5],
    [null],
    [{}],
    [undefined],
  ])('not by %p', (name) => {
    expect(at(name)).toBeUndefined();
  });

  test('on the host of the request when the root is invalid', () => {
    expect(at('operations/1', 'nowhere')).toBe('https://speech.googleapis.com/operations/1');
  });
});

describe('whatever the response contains', () => {
  const text = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.constantFrom('//', '/\\', '\t/', 'https:', 'http:///', '..', '%', '?', '#'),
  );
  const places = fc.array(text, {maxLength: 3}).map((parts) => parts.join(''));
  const presets = fc.constantFrom(
    longRunning,
    ...Object.values({...graph}),
    protocols.azure.statusMonitor,
    google.longrunning,
  );

  test('it leads to an http or https URL or to nothing, and nothing is thrown', () => {
    fc.assert(
      fc.property(presets, places, fc.jsonValue(), places, (protocol, header, value, url) => {
        const headers = {get: () => header};
        const reader = protocolReader(protocol);
        for (const body of [value, {id: header, name: header}, {id: value, name: value}]) {
          for (const from of [url, root]) {
            const location = startLocation({url: from, status: 201, headers, json: body}, reader, from, from);
            if (location !== undefined) expect(new URL(location).protocol).toMatch(/^https?:$/);
          }
        }
      }),
      {numRuns: 500},
    );
  });
});

describe('a location', () => {
  test.each([
    ['with a path', `${root}/queries/1`, '/records', `${root}/queries/1/records`],
    ['with a trailing slash', `${root}/queries/1/`, '/records', `${root}/queries/1/records`],
    [
      'with a query and a fragment',
      `${root}/operations/1?alt=json#x`,
      ':cancel',
      `${root}/operations/1:cancel?alt=json`,
    ],
    ['that is invalid', 'nowhere', '/records', undefined],
  ])('%s', (_, location, suffix, expected) => {
    expect(withSuffix(location, suffix)).toBe(expected);
  });

  test.each([[undefined], [null], [5], [{}]])('that is %p is rejected', (value) => {
    expect(resolveLocation(value, root, root)).toBeUndefined();
  });

  test('without a root follows the rules of URLs', () => {
    expect(resolveLocation("/teams('a')", `${root}/teams`)).toBe(`${origin}/teams('a')`);
    expect(resolveLocation("/teams('a')", 'nowhere')).toBeUndefined();
  });
});
