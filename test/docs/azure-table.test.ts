// The table of docs/azure.md that says what becomes of an operation of Azure, row by row against the code.
import {readFileSync} from 'node:fs';
import {expect, test} from '@jest/globals';
import {protocolReader} from '../../src/protocol/protocol-reader.ts';
import {azure} from '../../src/protocol/protocols.ts';
import {readStart} from '../../src/protocol/read-start.ts';
import {decideResultLocation, type FinalStateVia} from '../../src/protocol/result-location.ts';

const page = readFileSync(new URL('../../docs/azure.md', import.meta.url), 'utf8');
const [, table = ''] = page.split(/^\| method +\| header of the response .*\n.*\n/m);
const rows = (table.split('\n\n')[0] ?? '').split('\n').map((line) => {
  const [method = '', header = '', via = '', watched = '', result = ''] = line
    .split('|')
    .slice(1)
    .map((cell) => cell.trim());
  return {method, header, via, watched, result};
});
type Row = (typeof rows)[number];

const url = 'https://management.example/things/1';
const monitor = 'https://management.example/monitors/1';
const location = 'https://management.example/results/1';

interface Start {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'GET';
  readonly status: 200 | 201 | 202 | 204;
  readonly hasMonitor: boolean;
  readonly hasLocation: boolean;
  readonly finalStateVia: FinalStateVia | undefined;
}

function isOf({method, header, via}: Row, start: Start): boolean {
  if (method !== 'any' && !method.split(', ').includes(start.method)) return false;
  if (header.startsWith('none')) {
    if (start.hasMonitor || start.hasLocation) return false;
    return !header.includes('HTTP') || header.includes(String(start.status));
  }
  if (header === 'only `Location`') return start.hasLocation && !start.hasMonitor;
  if (!start.hasMonitor || (header.endsWith('and `Location`') && !start.hasLocation)) return false;
  if (via === 'any' || via.startsWith('any other')) return true;
  return via.split(', ').includes(start.finalStateVia === undefined ? 'absent' : `\`${start.finalStateVia}\``);
}

/** What the code makes of a start, in words of the table. */
function outcomeOf({method, status, hasMonitor, hasLocation, finalStateVia}: Start): readonly [string, string] {
  const headers = new Headers({
    ...(hasMonitor && {'azure-asyncoperation': monitor}),
    ...(hasLocation && {location}),
  });
  const body = status === 204 ? null : {name: 'thing'};
  const report = readStart(
    method,
    {url, status, headers, json: body},
    protocolReader(azure.statusMonitor),
    url,
    undefined,
  );
  if (report.kind === 'unconfirmed') return ['nothing: `confirmed` is `false`', 'unknown'];
  if (report.kind === 'ended') return ['nothing: it has ended', 'the body of that response'];
  const reader = protocolReader(report.protocol);
  const started = {method, url, ...(hasLocation && {location})};
  const decided = decideResultLocation(report.location, {started, reader, finalStateVia});
  const watched = {[monitor]: 'monitor', [location]: 'there', [url]: "the request's own URL"}[report.location] ?? '';
  if (decided === null) return [watched, "the monitor's `result`, or its whole body"];
  if (decided === undefined) return [watched, 'its body'];
  return [watched, decided === url ? "at the request's own URL" : 'at the `Location`'];
}

const starts: readonly Start[] = (['POST', 'PUT', 'PATCH', 'DELETE', 'GET'] as const).flatMap((method) =>
  [true, false].flatMap((hasMonitor) =>
    [true, false].flatMap((hasLocation) =>
      ([200, 201, 202, 204] as const).flatMap((status) =>
        ([undefined, 'location', 'original-uri', 'azure-async-operation', 'operation-location'] as const).map(
          (finalStateVia) => ({method, status, hasMonitor, hasLocation, finalStateVia}),
        ),
      ),
    ),
  ),
);

// With a header, HTTP 200 and 204 are as 202; without one, a PUT, PATCH or GET that is not 202 has ended.
test.each(
  starts.filter(({method, hasMonitor, hasLocation, status}) =>
    hasMonitor || hasLocation || ['PUT', 'PATCH', 'GET'].includes(method) ? status === 202 : true,
  ),
)('%j', (start) => {
  const row = rows.find((each) => isOf(each, start));
  const [watched, result] = outcomeOf(start);
  expect(row?.watched).toContain(watched);
  expect(row?.result).toBe(result);
});

test('each row is of some start', () => {
  expect(rows.length).toBeGreaterThan(8);
  expect(rows.filter((row) => !starts.some((start) => rows.find((each) => isOf(each, start)) === row))).toEqual([]);
});
