import type {OperationStatus} from '../operation/operation.ts';
import type {JsonPointers} from '../protocol/pointer.ts';
import {presets} from '../protocol/presets.ts';
import type {Protocol, ResultPlace} from '../protocol/protocol.ts';
import {exitCodes} from './exit-code.ts';
import type {Shell} from './shell.ts';
import {jsonText} from './terminal.ts';

/** `operation-poller protocols`: the protocols that come with the library, as a table or as the data that they are. */
export function protocolsCommand({json = false}: {readonly json?: boolean}, {stdout}: Shell): number {
  if (json) stdout.write(`${jsonText(presets)}\n`);
  else {
    const rows = presets.map(row);
    const lines = table([headings, ...rows]);
    const fits = stdout.isTTY !== true || lines.every((line) => line.length <= (stdout.columns ?? usualWidth));
    stdout.write(`${(fits ? lines : rows.flatMap(record)).join('\n')}\n`);
  }
  return exitCodes.succeeded;
}

const usualWidth = 80;

const none = '-';

const headings = ['NAME', 'NOT STARTED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'PROGRESS', 'RESULT', 'TOKEN'];

function row(protocol: Protocol): readonly string[] {
  const {name, percentComplete, authorization} = protocol;
  const words = (['notStarted', 'running', 'succeeded', 'failed', 'canceled'] as const).map((status) =>
    wordsFor(status, protocol),
  );
  const token = authorization === 'none' ? 'no' : 'yes';
  return [name, ...words, places(percentComplete), resultOf(protocol), token].map((cell) =>
    cell === '' ? none : cell,
  );
}

/** What a service says for a status. */
function wordsFor(status: OperationStatus, protocol: Protocol): string {
  const {words, otherWords, httpStatuses = {}, seeOtherSucceeds, errorMeansFailed} = protocol;
  const said = Object.entries(words).flatMap(([word, means]) => (means === status ? [word] : []));
  if (otherWords === status) said.push('any other');
  const codes = Object.entries(httpStatuses).flatMap(([code, means]) => (means === status ? [code] : []));
  if (codes.length > 0) said.push(`HTTP ${codes.join('/')}`);
  if (seeOtherSucceeds === true && status === 'succeeded') said.push('HTTP 303');
  if (errorMeansFailed === true && status === 'failed') said.push('with an error');
  return said.join(', ');
}

function resultOf({
  result,
  resultLocation = 'resourceLocation',
  resourceLocation = '/resourceLocation',
}: Protocol): string {
  if (result === '') return 'the answer';
  const where = [resultLocation].flat().map((place: ResultPlace) => placeName(place, resourceLocation));
  const fetched = where.length === 0 ? '' : `at ${where.join(', ')}`;
  return [places(result), fetched].filter((text) => text !== '').join(', or ');
}

function placeName(place: ResultPlace, resourceLocation: JsonPointers): string {
  if (place === 'resourceLocation') return places(resourceLocation);
  if (typeof place === 'object') return `its location with ${place.suffix}`;
  return place === 'location' ? "the start's Location" : "the start's URL";
}

/** JSON pointers as one writes them in code: `metadata.progressPercent`. */
function places(pointers: JsonPointers | undefined): string {
  const named = [pointers ?? []].flat().map((pointer) => pointer.slice(1).replaceAll('/', '.'));
  return named.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~')).join(', ');
}

/** One line a row: for a wide terminal, and for grep. */
function table(rows: ReadonlyArray<readonly string[]>): readonly string[] {
  const widths = headings.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** One line a cell, for a terminal that the table does not fit. */
function record([name = '', ...cells]: readonly string[]): readonly string[] {
  const facts = cells.map((cell, index) => `  ${(headings[index + 1] ?? '').toLowerCase().padEnd(13)}${cell}`);
  return [name, ...facts.filter((_, index) => cells[index] !== none), ''];
}
