import {isOperationStatus} from '../operation/operation.ts';
import {checkNumber, describeValue, expected, longestTime} from '../shared/check-options.ts';
import {printable} from '../shared/printable.ts';
import type {Protocol} from './protocol.ts';

/** Checks the value of a field. */
type Check = (field: string, value: unknown) => void;

const checkThat =
  (isValid: (value: unknown) => boolean, expectation: string): Check =>
  (field, value) =>
    expect(isValid(value), field, expectation, value);

const areHeaderNames = (value: unknown): boolean =>
  Array.isArray(value) && value.every((header) => matches(header, headerName));

const pointersExpected = "JSON pointers such as '/status'";
const pointers = checkThat(arePointers, pointersExpected);
const status = checkThat(isOperationStatus, 'notStarted, running, succeeded, failed or canceled');
const headerNames = checkThat(areHeaderNames, 'a list of header names');
const boolean = checkThat((value) => typeof value === 'boolean', 'true or false');
const suffix = checkThat(isSuffix, "a string such as '/records' or ':cancel'");
const milliseconds: Check = (field, value) =>
  checkNumber(`protocol.${field}`, value, {takes: 'milliseconds', most: longestTime});

/** The check of each field, if it is present. */
const fields: Readonly<Record<keyof Protocol, Check>> = {
  status: pointers,
  statusIfKnown: pointers,
  id: pointers,
  createdDateTime: pointers,
  lastActionDateTime: pointers,
  statusDetail: pointers,
  percentComplete: pointers,
  resourceLocation: pointers,
  result: checkThat((value) => value === '' || arePointers(value), pointersExpected),
  error: pointers,
  name: checkThat((value) => typeof value === 'string' && value !== '', 'a non-empty string'),
  words: checkWords,
  otherWords: status,
  withoutStatus: status,
  httpStatuses: checkHttpStatuses,
  resultLocation: checkPlaces,
  start: checkThat(isStart, "'headers', 'resource' or a JSON pointer such as '/name'"),
  requestHeaders: checkHeaders,
  pollHeaders: checkHeaders,
  locationHeaders: headerNames,
  moveHeaders: headerNames,
  locationOnly: checkLocationOnly,
  cancel: checkCancel,
  authorization: checkThat((value) => value === 'bearer' || value === 'none', "'bearer' or 'none'"),
  errorMeansFailed: boolean,
  errorCodes: checkErrorCodes,
  throttlingCodes: checkThat(areCodes, 'a list of error codes'),
  seeOtherSucceeds: boolean,
  notFoundSucceeds: boolean,
  createdMeansDone: boolean,
  foreignHosts: boolean,
  minimumInterval: milliseconds,
  maximumInterval: milliseconds,
  totalTimeout: milliseconds,
};

const required = ['name', 'status', 'words'] as const;

/**
 * Checks the fields of a protocol. The compiler does so in TypeScript, but protocols also come from JavaScript and from JSON
 * files.
 *
 * @throws TypeError or RangeError that names the field, its value and what is expected
 */
export function checkProtocol(protocol: Protocol): void {
  if (!isRecord(protocol)) throw expected('protocol', 'a protocol such as protocols.longRunning', show(protocol));
  for (const field of Object.keys(protocol)) {
    if (Object.hasOwn(fields, field)) continue;
    throw new TypeError(
      `protocol.${printable(field.slice(0, 60))}: there is no such field; there are ${Object.keys(fields).join(', ')}`,
    );
  }
  // Required fields first, so that a missing name is reported before anything else.
  for (const field of required) fields[field](field, protocol[field]);
  for (const [field, check] of Object.entries(fields)) {
    const value: unknown = Reflect.get(protocol, field);
    if (value !== undefined) check(field, value);
  }
  const {words, otherWords, withoutStatus, httpStatuses = {}, seeOtherSucceeds, notFoundSucceeds} = protocol;
  const statuses = [...Object.values(words), ...Object.values(httpStatuses), otherWords, withoutStatus];
  const succeeds = statuses.includes('succeeded') || seeOtherSucceeds === true || notFoundSucceeds === true;
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
  for (const [word, meaning] of entriesOf(field, words, 'a status for each word')) {
    status(`words.${word}`, meaning);
    const key = word.toLowerCase();
    const other = seen.get(key) ?? meaning;
    const expectation = `the status that the same word has in another case, ${String(other)}`;
    expect(other === meaning, `words.${word}`, expectation, meaning);
    seen.set(key, meaning);
  }
}

function checkErrorCodes(field: string, codes: unknown): void {
  for (const [code, meaning] of entriesOf(field, codes, 'a status for each error code'))
    status(`${field}.${code}`, meaning);
}

function checkHttpStatuses(field: string, statuses: unknown): void {
  for (const [code, meaning] of entriesOf(field, statuses, 'a status for each HTTP status')) {
    expect(/^2\d\d$/.test(code), `${field}.${code}`, 'HTTP statuses from 200 to 299', meaning);
    status(`${field}.${code}`, meaning);
  }
}

// RFC 9110: a field name is a token. A value only has to be unable to end the line.
const headerName = /^[\w!#$%&'*+.^`|~-]+$/;
const headerValue = /^[\x20-\x7e]*$/;

function checkHeaders(field: string, headers: unknown): void {
  for (const [header, value] of entriesOf(field, headers, 'a string for each header')) {
    const name = `${field}.${header}`;
    expect(matches(header, headerName), name, 'header names', value);
    expect(matches(value, headerValue), name, 'a string of visible ASCII characters and spaces', value);
    expect(header.toLowerCase() !== 'authorization', name, 'no token here: pass it as the option token', '[not shown]');
  }
}

function checkPlaces(field: string, places: unknown): void {
  for (const place of listOf(places)) {
    const isValid =
      ['resourceLocation', 'location', 'original'].includes(String(place)) ||
      (isRecord(place) && Object.keys(place).join() === 'suffix' && isSuffix(place['suffix']));
    expect(isValid, field, "'resourceLocation', 'location', 'original' or {suffix}, or a list of these", place);
  }
}

function checkCancel(field: string, cancel: unknown): void {
  const entries = entriesOf(field, cancel, 'a method and, optionally, a suffix');
  const {method, suffix: ending, ...others} = Object.fromEntries(entries);
  const isValid = method !== undefined && Object.keys(others).length === 0;
  expect(isValid, field, 'a method and, optionally, a suffix', cancel);
  expect(method === 'DELETE' || method === 'POST', `${field}.method`, "'DELETE' or 'POST'", method);
  if (ending !== undefined) suffix(`${field}.suffix`, ending);
}

function checkLocationOnly(field: string, protocol: unknown): void {
  const isValid = isRecord(protocol) && protocol['locationOnly'] === undefined;
  expect(isValid, field, 'a protocol without a locationOnly of its own', protocol);
  checkProtocol(protocol as unknown as Protocol);
}

function expect(isValid: boolean, field: string, expectation: string, got: unknown): void {
  if (!isValid) throw expected(`protocol.${field}`, expectation, show(got));
}

function entriesOf(field: string, value: unknown, expectation: string): [string, unknown][] {
  expect(isRecord(value), field, expectation, value);
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

function areCodes(value: unknown): boolean {
  return Array.isArray(value) && value.every((code) => typeof code === 'string' && code !== '');
}

function isStart(value: unknown): boolean {
  return value === 'headers' || value === 'resource' || isPointer(value);
}

function isSuffix(value: unknown): boolean {
  return matches(value, /^[/:][^?#]*$/);
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function show(value: unknown): string {
  if (typeof value === 'string') return describeValue(value);
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  return typeof value === 'object' && value !== null ? `{${Object.keys(value).join(', ')}}` : String(value);
}
