import type {OperationStatus} from '../operation/operation.ts';
import type {JsonPointers} from '../protocol/pointer.ts';
import type {Protocol, ResultPlace} from '../protocol/protocol.ts';
import {exitCodes} from './cli-error.ts';
import {namedProtocols} from './named-protocols.ts';
import type {Shell} from './shell.ts';
import {jsonText} from './terminal.ts';

const headings = ['NAME', 'NOT STARTED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'PROGRESS', 'RESULT', 'TOKEN'];

/** Where in a row the cells of the short table are, after the name. */
const shortCells = [3, 8] as const;

/** How wide such a cell is at most. */
const widest = 26;

/** Stands for an empty cell. */
const none = '-';

/**
 * `operation-poller protocols`: the protocols that `--protocol` takes, as a table, or one of them in full.
 *
 * @param protocol the one to show; `undefined`: all
 */
export function protocolsCommand(
  protocol: Protocol | undefined,
  {json = false}: {readonly json?: boolean},
  {stdout}: Shell,
): number {
  if (json) stdout.write(`${jsonText(protocol ?? namedProtocols)}\n`);
  else if (protocol !== undefined) stdout.write(listItem(row(protocol)).join('\n'));
  else stdout.write(`${shortTable([headings, ...namedProtocols.map(row)]).join('\n')}\n`);
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
  const meant = (all: Readonly<Record<string, unknown>>): string[] =>
    Object.keys(all).filter((key) => all[key] === status);
  const named = otherWords === status ? ['any other'] : meant(words);
  const codes = meant(httpStatuses);
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

/** One line per row, narrow enough for 80 columns. */
function shortTable(rows: ReadonlyArray<readonly string[]>): readonly string[] {
  const cells = rows.map((row) => [row[0] ?? '', ...shortCells.map((index) => shorten(row[index] ?? ''))]);
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return cells.map((row) => line(row).trimEnd());
}

function shorten(cell: string): string {
  return cell.length > widest ? `${cell.slice(0, widest - 2)} …` : cell;
}

/** One line per cell. */
function listItem([name = '', ...cells]: readonly string[]): readonly string[] {
  const facts = cells.map((cell, index) => `  ${(headings[index + 1] ?? '').toLowerCase().padEnd(13)}${cell}`);
  return [name, ...facts.filter((_, index) => cells[index] !== none), ''];
}
