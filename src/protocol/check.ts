import {isOperationStatus} from '../operation/operation.ts';
import {checkNumber, expected} from '../shared/check-options.ts';
import type {Protocol} from './protocol.ts';

/** Checks what a field holds. */
type Check = (field: string, value: unknown) => void;

/** A check that goes by the value alone. */
const takes =
  (what: string, holds: (value: unknown) => boolean): Check =>
  (field, value) =>
    expect(holds(value), field, what, value);

const areHeaderNames = (value: unknown): boolean =>
  Array.isArray(value) && value.every((header) => isText(header, headerName));

const whatPointers = "JSON pointers such as '/status'";
const pointers = takes(whatPointers, arePointers);
const status = takes('notStarted, running, succeeded, failed or canceled', isOperationStatus);
const headerNames = takes('a list of header names', areHeaderNames);
const trueOrFalse = takes('true or false', (value) => typeof value === 'boolean');
const suffix = takes("a text such as '/records' or ':cancel'", isSuffix);
const milliseconds: Check = (field, value) =>
  checkNumber(`protocol.${field}`, value, {takes: 'milliseconds', most: Number.MAX_SAFE_INTEGER});

/** What each field takes when it is there. */
const fields: Readonly<Record<keyof Protocol, Check>> = {
  status: pointers,
  id: pointers,
  createdDateTime: pointers,
  lastActionDateTime: pointers,
  statusDetail: pointers,
  percentComplete: pointers,
  resourceLocation: pointers,
  result: takes(whatPointers, (value) => value === '' || arePointers(value)),
  error: pointers,
  name: takes('a text that is not empty', (value) => typeof value === 'string' && value !== ''),
  words: checkWords,
  otherWords: status,
  withoutStatus: status,
  httpStatuses: checkHttpStatuses,
  resultLocation: checkPlaces,
  start: takes("'headers', 'resource' or a JSON pointer such as '/name'", isStart),
  requestHeaders: checkRequestHeaders,
  locationHeaders: headerNames,
  moveHeaders: headerNames,
  locationOnly: checkLocationOnly,
  cancel: checkCancel,
  authorization: takes("'bearer' or 'none'", (value) => value === 'bearer' || value === 'none'),
  errorMeansFailed: trueOrFalse,
  seeOtherSucceeds: trueOrFalse,
  notFoundSucceeds: trueOrFalse,
  createdMeansDone: trueOrFalse,
  foreignHosts: trueOrFalse,
  minimumInterval: milliseconds,
  maximumInterval: milliseconds,
  totalTimeout: milliseconds,
};

const required = ['name', 'status', 'words'] as const;

/**
 * Checks what a protocol holds. The compiler checks all this for TypeScript; protocols also come from JavaScript and from
 * JSON files.
 *
 * @throws TypeError or RangeError that names the field, what it holds and what it takes
 */
export function checkProtocol(protocol: Protocol): void {
  if (!isRecord(protocol)) throw expected('protocol', 'a protocol such as protocols.longRunning', show(protocol));
  for (const [field, value] of Object.entries(protocol)) {
    const known = `no such field; there are ${Object.keys(fields).join(', ')}`;
    expect(Object.hasOwn(fields, field), field, known, value);
  }
  // The name first: by it a protocol is found among others.
  for (const field of required) fields[field](field, protocol[field]);
  for (const [field, check] of Object.entries(fields)) {
    const value: unknown = Reflect.get(protocol, field);
    if (value !== undefined) check(field, value);
  }
  const {words, otherWords, withoutStatus, httpStatuses = {}, seeOtherSucceeds, notFoundSucceeds} = protocol;
  const meant = [...Object.values(words), ...Object.values(httpStatuses), otherWords, withoutStatus];
  const succeeds = meant.includes('succeeded') || seeOtherSucceeds === true || notFoundSucceeds === true;
  expect(succeeds, 'words', 'a word that means succeeded', words);
  const {minimumInterval = 0, maximumInterval = minimumInterval} = protocol;
  if (maximumInterval < minimumInterval) {
    throw new RangeError(
      `protocol.maximumInterval: expected no less than minimumInterval, ${minimumInterval}, got ${maximumInterval}`,
    );
  }
}

function checkWords(field: string, words: unknown): void {
  const seen = new Map<string, unknown>();
  for (const [word, meant] of entriesOf(field, words, 'a status for each word')) {
    status(`words.${word}`, meant);
    const key = word.toLowerCase();
    const other = seen.get(key) ?? meant;
    const what = `the status that the same word has in another case, ${String(other)}`;
    expect(other === meant, `words.${word}`, what, meant);
    seen.set(key, meant);
  }
}

function checkHttpStatuses(field: string, statuses: unknown): void {
  for (const [code, meant] of entriesOf(field, statuses, 'a status for each HTTP status')) {
    expect(/^2\d\d$/.test(code), `${field}.${code}`, 'HTTP statuses from 200 to 299', meant);
    status(`${field}.${code}`, meant);
  }
}

// RFC 9110: a field name is a token; of values, that they cannot end the line is what matters.
const headerName = /^[\w!#$%&'*+.^`|~-]+$/;
const headerValue = /^[\x20-\x7e]*$/;

function checkRequestHeaders(field: string, headers: unknown): void {
  for (const [header, value] of entriesOf(field, headers, 'a text for each header')) {
    const name = `${field}.${header}`;
    expect(isText(header, headerName), name, 'header names', value);
    expect(isText(value, headerValue), name, 'a text of visible ASCII characters and spaces', value);
    expect(header.toLowerCase() !== 'authorization', name, 'no token here: it is the option token', '[not shown]');
  }
}

function checkPlaces(field: string, places: unknown): void {
  for (const place of listOf(places)) {
    const holds =
      ['resourceLocation', 'location', 'original'].includes(String(place)) ||
      (isRecord(place) && Object.keys(place).join() === 'suffix' && isSuffix(place['suffix']));
    expect(holds, field, "'resourceLocation', 'location', 'original' or {suffix}, or a list of these", place);
  }
}

function checkCancel(field: string, cancel: unknown): void {
  const entries = entriesOf(field, cancel, 'a method and perhaps a suffix');
  const {method, suffix: end, ...others} = Object.fromEntries(entries);
  const holds = method !== undefined && Object.keys(others).length === 0;
  expect(holds, field, 'a method and perhaps a suffix', cancel);
  expect(method === 'DELETE' || method === 'POST', `${field}.method`, "'DELETE' or 'POST'", method);
  if (end !== undefined) suffix(`${field}.suffix`, end);
}

function checkLocationOnly(field: string, protocol: unknown): void {
  const holds = isRecord(protocol) && protocol['locationOnly'] === undefined;
  expect(holds, field, 'a protocol without a locationOnly of its own', protocol);
  checkProtocol(protocol as unknown as Protocol);
}

function expect(holds: boolean, field: string, what: string, got: unknown): void {
  if (!holds) throw expected(`protocol.${field}`, what, show(got));
}

function entriesOf(field: string, value: unknown, what: string): [string, unknown][] {
  expect(isRecord(value), field, what, value);
  return Object.entries(value as Readonly<Record<string, unknown>>);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPointer(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('/');
}

function arePointers(value: unknown): boolean {
  return listOf(value).length > 0 && listOf(value).every(isPointer);
}

function isStart(value: unknown): boolean {
  return value === 'headers' || value === 'resource' || isPointer(value);
}

function isSuffix(value: unknown): boolean {
  return isText(value, /^[/:][^?#]*$/);
}

function isText(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  return typeof value === 'object' && value !== null ? `{${Object.keys(value).join(', ')}}` : String(value);
}
