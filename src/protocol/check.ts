import {isOperationStatus} from '../operation.ts';
import type {Protocol} from './protocol.ts';

const pointerFields = [
  'status',
  'id',
  'createdDateTime',
  'lastActionDateTime',
  'statusDetail',
  'percentComplete',
  'resourceLocation',
  'result',
  'error',
] as const;

const booleanFields = [
  'errorMeansFailed',
  'seeOtherSucceeds',
  'notFoundSucceeds',
  'createdMeansDone',
  'foreignHosts',
] as const;

const intervalFields = ['minimumInterval', 'maximumInterval', 'totalTimeout'] as const;

const otherFields = [
  'name',
  'words',
  'otherWords',
  'withoutStatus',
  'httpStatuses',
  'resultLocation',
  'start',
  'requestHeaders',
  'locationHeaders',
  'moveHeaders',
  'locationOnly',
  'cancel',
  'authorization',
] as const;

const fields: ReadonlySet<string> = new Set([...pointerFields, ...otherFields, ...booleanFields, ...intervalFields]);

/**
 * Checks what a protocol holds. The compiler checks all this for TypeScript; protocols also come from JavaScript and from
 * JSON files.
 *
 * @throws TypeError or RangeError that names the field, what it holds and what it takes
 */
export function checkProtocol(protocol: Protocol): void {
  if (!isRecord(protocol)) {
    throw new TypeError(`protocol: expected a protocol such as protocols.longRunning, got ${describe(protocol)}`);
  }
  for (const field of Object.keys(protocol)) {
    expect(
      fields.has(field),
      field,
      `no such field; there are ${[...fields].join(', ')}`,
      Reflect.get(protocol, field),
    );
  }
  expect(typeof protocol.name === 'string' && protocol.name !== '', 'name', 'a text that is not empty', protocol.name);
  for (const field of pointerFields) {
    const pointers: unknown = protocol[field];
    if ((pointers === undefined && field !== 'status') || (pointers === '' && field === 'result')) continue;
    const holds = listOf(pointers).length > 0 && listOf(pointers).every(isPointer);
    expect(holds, field, "JSON pointers such as '/status'", pointers);
  }
  checkStatuses(protocol);
  checkHeaders(protocol);
  checkPlaces(protocol);
  const {authorization, locationOnly} = protocol;
  expect([undefined, 'bearer', 'none'].includes(authorization), 'authorization', "'bearer' or 'none'", authorization);
  for (const field of booleanFields) {
    expect([undefined, true, false].includes(protocol[field]), field, 'true or false', protocol[field]);
  }
  checkIntervals(protocol);
  if (locationOnly !== undefined) {
    const holds = isRecord(locationOnly) && locationOnly.locationOnly === undefined;
    expect(holds, 'locationOnly', 'a protocol without a locationOnly of its own', locationOnly);
    checkProtocol(locationOnly);
  }
}

const statusNames = 'notStarted, running, succeeded, failed or canceled';

function checkStatuses(protocol: Protocol): void {
  const {words, otherWords, withoutStatus, httpStatuses, seeOtherSucceeds, notFoundSucceeds} = protocol;
  for (const [field, status] of Object.entries({otherWords, withoutStatus})) {
    expect(status === undefined || isOperationStatus(status), field, statusNames, status);
  }
  expect(
    httpStatuses === undefined || isRecord(httpStatuses),
    'httpStatuses',
    'a status for each HTTP status',
    httpStatuses,
  );
  for (const [code, status] of Object.entries(httpStatuses ?? {})) {
    expect(/^2\d\d$/.test(code), `httpStatuses.${code}`, 'HTTP statuses from 200 to 299', status);
    expect(isOperationStatus(status), `httpStatuses.${code}`, statusNames, status);
  }
  expect(isRecord(words), 'words', 'a status for each word', words);
  const seen = new Map<string, unknown>();
  for (const [word, status] of Object.entries(words)) {
    expect(isOperationStatus(status), `words.${word}`, statusNames, status);
    const key = word.toLowerCase();
    const clash = seen.has(key) && seen.get(key) !== status;
    const takes = `the status that the same word has in another case, ${String(seen.get(key))}`;
    expect(!clash, `words.${word}`, takes, status);
    seen.set(key, status);
  }
  const meant = [...seen.values(), otherWords, withoutStatus, ...Object.values(httpStatuses ?? {})];
  const succeeds = meant.includes('succeeded') || seeOtherSucceeds === true || notFoundSucceeds === true;
  expect(succeeds, 'words', 'a word that means succeeded', words);
}

// RFC 9110: a field name is a token; of values, that they cannot end the line is what matters.
const headerName = /^[\w!#$%&'*+.^`|~-]+$/;
const headerValue = /^[\x20-\x7e]*$/;

function checkHeaders(protocol: Protocol): void {
  for (const field of ['locationHeaders', 'moveHeaders'] as const) {
    const headers: unknown = protocol[field];
    const holds = Array.isArray(headers) && headers.every((header) => isText(header, headerName));
    expect(headers === undefined || holds, field, 'a list of header names', headers);
  }
  const {requestHeaders} = protocol;
  expect(
    requestHeaders === undefined || isRecord(requestHeaders),
    'requestHeaders',
    'a text for each header',
    requestHeaders,
  );
  for (const [header, value] of Object.entries(requestHeaders ?? {})) {
    const field = `requestHeaders.${header}`;
    expect(isText(header, headerName), field, 'header names', value);
    expect(isText(value, headerValue), field, 'a text of visible ASCII characters and spaces', value);
    expect(header.toLowerCase() !== 'authorization', field, 'no token here: it is the option token', '[not shown]');
  }
}

const suffix = /^[/:][^?#]*$/;
const suffixes = "a text such as '/records' or ':cancel'";

function checkPlaces({start, resultLocation, cancel}: Protocol): void {
  const starts = start === undefined || start === 'headers' || start === 'resource' || isPointer(start);
  expect(starts, 'start', "'headers', 'resource' or a JSON pointer such as '/name'", start);
  for (const place of resultLocation === undefined ? [] : listOf(resultLocation)) {
    const holds =
      ['resourceLocation', 'location', 'original'].includes(String(place)) ||
      (isRecord(place) && Object.keys(place).join() === 'suffix' && isText(place['suffix'], suffix));
    const takes = "'resourceLocation', 'location', 'original' or {suffix}, or a list of these";
    expect(holds, 'resultLocation', takes, place);
  }
  if (cancel === undefined) return;
  const holds =
    isRecord(cancel) && Object.keys(cancel).every((name) => ['method', 'suffix'].includes(name)) && 'method' in cancel;
  expect(holds, 'cancel', 'a method and perhaps a suffix', cancel);
  expect(['DELETE', 'POST'].includes(cancel.method), 'cancel.method', "'DELETE' or 'POST'", cancel.method);
  expect(cancel.suffix === undefined || isText(cancel.suffix, suffix), 'cancel.suffix', suffixes, cancel.suffix);
}

function checkIntervals(protocol: Protocol): void {
  for (const field of intervalFields) {
    const value: unknown = protocol[field];
    if (value === undefined) continue;
    expect(typeof value === 'number', field, 'milliseconds', value);
    if (!(Number(value) >= 0 && Number(value) <= Number.MAX_SAFE_INTEGER)) {
      throw new RangeError(`protocol.${field}: expected milliseconds from 0 on, got ${describe(value)}`);
    }
  }
  const {minimumInterval = 0, maximumInterval = minimumInterval} = protocol;
  if (maximumInterval < minimumInterval) {
    throw new RangeError(
      `protocol.maximumInterval: expected no less than minimumInterval, ${minimumInterval}, got ${maximumInterval}`,
    );
  }
}

function expect(holds: boolean, field: string, takes: string, got: unknown): void {
  if (!holds) throw new TypeError(`protocol.${field}: expected ${takes}, got ${describe(got)}`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPointer(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('/');
}

function isText(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(describe).join(', ')}]`;
  return typeof value === 'object' && value !== null ? `{${Object.keys(value).join(', ')}}` : String(value);
}
