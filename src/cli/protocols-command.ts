import type {OperationStatus} from '../operation/operation.ts';
import type {JsonPointers} from '../protocol/pointer.ts';
import type {Protocol, ResultPlace} from '../protocol/protocol.ts';
import {exitCodes} from './cli-error.ts';
import {namedProtocols} from './named-protocols.ts';
import type {Shell} from './shell.ts';
import {columnsOf, jsonText} from './terminal.ts';

const headings = ['NAME', 'NOT STARTED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'PROGRESS', 'RESULT', 'TOKEN'];

/** Stands for an empty cell. */
const none = '-';

/** `operation-poller protocols`: the protocols that come with the library, as a table or as their data. */
export function protocolsCommand({json = false}: {readonly json?: boolean}, {stdout}: Shell): number {
  if (json) stdout.write(`${jsonText(namedProtocols)}\n`);
  else {
    const rows = namedProtocols.map(row);
    const lines = table([headings, ...rows]);
    const fits = stdout.isTTY !== true || lines.every((line) => line.length <= columnsOf(stdout));
    stdout.write(`${(fits ? lines : rows.flatMap(listItem)).join('\n')}\n`);
  }
  return exitCodes.succeeded;
}

function row(protocol: Protocol): readonly string[] {
  const {name, percentComplete, authorization} = protocol;
  const words = (['notStarted', 'running', 'succeeded', 'failed', 'canceled'] as const).map((status) =>
    wordsFor(status, protocol),
  );
  const token = typeof authorization === 'object' ? authorization.header : authorization === 'none' ? 'no' : 'yes';
  return [name, ...words, propertyPaths(percentComplete), resultOf(protocol), token].map((cell) =>
    cell === '' ? none : cell,
  );
}

/** What a service says to mean a status. */
function wordsFor(status: OperationStatus, protocol: Protocol): string {
  const {words, otherWords, httpStatuses = {}, seeOtherSucceeds, errorMeansFailed} = protocol;
  const named =
    otherWords === status
      ? ['any other']
      : Object.entries(words).flatMap(([word, means]) => (means === status ? [word] : []));
  const codes = Object.entries(httpStatuses).flatMap(([code, means]) => (means === status ? [code] : []));
  if (codes.length > 0) named.push(`HTTP ${codes.join('/')}`);
  if (seeOtherSucceeds === true && status === 'succeeded') named.push('HTTP 303');
  if (errorMeansFailed === true && status === 'failed') named.push('with an error');
  return named.join(', ');
}

function resultOf({
  result,
  resultLocation = 'resourceLocation',
  resourceLocation = '/resourceLocation',
}: Protocol): string {
  if (result === '') return 'the response';
  const where = [resultLocation].flat().map((place: ResultPlace) => placeName(place, resourceLocation));
  const fetched = where.length === 0 ? '' : `at ${where.join(', ')}`;
  return [propertyPaths(result), fetched].filter((text) => text !== '').join(', or ');
}

function placeName(place: ResultPlace, resourceLocation: JsonPointers): string {
  if (place === 'resourceLocation') return propertyPaths(resourceLocation);
  if (typeof place === 'object') return 'suffix' in place ? `its location with ${place.suffix}` : place.template;
  return place === 'location' ? "the start's Location" : "the start's URL";
}

/** JSON pointers as property paths: `metadata.progressPercent`. */
function propertyPaths(pointers: JsonPointers | undefined): string {
  const named = [pointers ?? []].flat().map((pointer) => pointer.slice(1).replaceAll('/', '.'));
  return named.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~')).join(', ');
}

/** One line per row: for a wide terminal, and for grep. */
function table(rows: ReadonlyArray<readonly string[]>): readonly string[] {
  const widths = headings.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** One line per cell, for a terminal too narrow for the table. */
function listItem([name = '', ...cells]: readonly string[]): readonly string[] {
  const facts = cells.map((cell, index) => `  ${(headings[index + 1] ?? '').toLowerCase().padEnd(13)}${cell}`);
  return [name, ...facts.filter((_, index) => cells[index] !== none), ''];
}
