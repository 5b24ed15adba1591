import type {OperationStatus} from '../operation/operation.ts';
import type {JsonPointers} from '../protocol/pointer.ts';
import type {Protocol, ResultPlace} from '../protocol/protocol.ts';
import {exitCodes} from './cli-error.ts';
import {namedProtocols} from './named-protocols.ts';
import type {Shell} from './shell.ts';
import {jsonText} from './terminal.ts';

/** The columns of the table of all protocols. */
const columns = ['name', 'succeeded', 'token'] as const;

/** How wide a column is at most, after the name. */
const widest = 26;

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
  else stdout.write(protocol === undefined ? table(namedProtocols) : listItem(protocol));
  return exitCodes.succeeded;
}

/** What is shown of a protocol, by headings; `''` where there is nothing. */
function factsOf(protocol: Protocol) {
  const {name, percentComplete, authorization, read} = protocol;
  return {
    name,
    status: read === undefined ? '' : 'read by a function',
    'not started': wordsFor('notStarted', protocol),
    running: wordsFor('running', protocol),
    succeeded: wordsFor('succeeded', protocol),
    failed: wordsFor('failed', protocol),
    canceled: wordsFor('canceled', protocol),
    progress: propertyPaths(percentComplete),
    result: resultOf(protocol),
    token: typeof authorization === 'object' ? authorization.header : authorization === 'none' ? 'no' : 'yes',
  };
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

/** One line per protocol, narrow enough for 80 columns. */
function table(protocols: readonly Protocol[]): string {
  const facts = protocols.map(factsOf);
  const rows = [
    columns.map((column) => column.toUpperCase()),
    ...facts.map((each) =>
      columns.map((column) => (column === 'name' ? each.name : shorten(each[column] || each.status || '-'))),
    ),
  ];
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  '));
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function shorten(cell: string): string {
  return cell.length > widest ? `${cell.slice(0, widest - 2)} …` : cell;
}

/** One line per fact. */
function listItem(protocol: Protocol): string {
  const {name, ...facts} = factsOf(protocol);
  const lines = Object.entries(facts).filter(([, text]) => text !== '');
  return [name, ...lines.map(([heading, text]) => `  ${heading.padEnd(13)}${text}`), ''].join('\n');
}
