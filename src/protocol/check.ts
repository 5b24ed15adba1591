import {isOperationStatus} from '../operation/operation.ts';
import {
  type Check,
  type Checks,
  checkOptions,
  describeValue,
  expected,
  isBoolean,
  isMilliseconds,
  isOneOf,
  isPlainObject,
} from '../shared/check-options.ts';
import {isRecord} from '../shared/json.ts';
import type {Protocol} from './protocol.ts';

const checkThat =
  (isValid: (value: unknown) => boolean, expectation: string): Check =>
  (name, value) =>
    expect(isValid(value), name, expectation, value);

const areHeaderNames = (value: unknown): boolean =>
  Array.isArray(value) && value.every((header) => matches(header, headerName));

const pointersExpected = "JSON pointers such as '/status'";
const pointers = checkThat(arePointers, pointersExpected);
const status = checkThat(isOperationStatus, 'notStarted, running, succeeded, failed or canceled');
const headerNames = checkThat(areHeaderNames, 'a list of header names');
const suffix = checkThat(isSuffix, "a string such as '/records' or ':cancel'");
const milliseconds = isMilliseconds(0);

/** A check for each field. */
const protocolChecks = {
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
  start: checkThat(isStart, "'headers', 'resource', 'original' or a JSON pointer such as '/name'"),
  requestHeaders: checkHeaders,
  pollHeaders: checkHeaders,
  locationHeaders: headerNames,
  moveHeaders: headerNames,
  pathsUnderRoot: isBoolean,
  locationOnly: checkLocationOnly,
  resource: checkResource,
  cancel: checkCancel,
  authorization: isOneOf('bearer', 'none'),
  errorMeansFailed: isBoolean,
  errorCodes: checkErrorCodes,
  throttlingCodes: checkThat(areCodes, 'a list of error codes'),
  seeOtherSucceeds: isBoolean,
  notFoundSucceeds: isBoolean,
  createdMeansDone: isBoolean,
  bodyMeansDone: isBoolean,
  foreignHosts: isBoolean,
  minimumInterval: milliseconds,
  maximumInterval: milliseconds,
  totalTimeout: milliseconds,
} satisfies Checks<Protocol>;

const required = ['name', 'status', 'words'] as const;

/**
 * Checks the fields of a protocol. The compiler does so in TypeScript, but protocols also come from JavaScript and from JSON
 * files.
 *
 * @throws TypeError or RangeError that names the field, its value and what is expected
 */
export function checkProtocol(protocol: Protocol): void {
  if (!isRecord(protocol)) throw expected('protocol', 'a protocol such as protocols.longRunning', show(protocol));
  checkOptions(protocol, protocolChecks, 'protocol.', 'field');
  for (const field of required) protocolChecks[field](`protocol.${field}`, protocol[field]);
  const {words, otherWords, withoutStatus, httpStatuses = {}, seeOtherSucceeds, notFoundSucceeds} = protocol;
  const statuses = [...Object.values(words), ...Object.values(httpStatuses), otherWords, withoutStatus];
  const succeeds = statuses.includes('succeeded') || seeOtherSucceeds === true || notFoundSucceeds === true;
  expect(succeeds, 'protocol.words', 'a word that means succeeded', words);
  const {minimumInterval = 0, maximumInterval = minimumInterval} = protocol;
  if (maximumInterval < minimumInterval) {
    throw new RangeError(
      `protocol.maximumInterval: expected no less than minimumInterval, ${minimumInterval}, got ${maximumInterval}`,
    );
  }
}

function checkWords(name: string, words: unknown): void {
  const seen = new Map<string, unknown>();
  for (const [word, meaning] of entriesOf(name, words, 'a status for each word')) {
    status(`${name}.${word}`, meaning);
    const key = word.toLowerCase();
    const other = seen.get(key) ?? meaning;
    const expectation = `the status that the same word has in another case, ${String(other)}`;
    expect(other === meaning, `${name}.${word}`, expectation, meaning);
    seen.set(key, meaning);
  }
}

function checkErrorCodes(name: string, codes: unknown): void {
  for (const [code, meaning] of entriesOf(name, codes, 'a status for each error code'))
    status(`${name}.${code}`, meaning);
}

function checkHttpStatuses(name: string, statuses: unknown): void {
  for (const [code, meaning] of entriesOf(name, statuses, 'a status for each HTTP status')) {
    expect(/^2\d\d$/.test(code), `${name}.${code}`, 'HTTP statuses from 200 to 299', meaning);
    status(`${name}.${code}`, meaning);
  }
}

// RFC 9110: a field name is a token. A value only has to be unable to end the line.
const headerName = /^[\w!#$%&'*+.^`|~-]+$/;
const headerValue = /^[\x20-\x7e]*$/;

function checkHeaders(name: string, headers: unknown): void {
  for (const [header, value] of entriesOf(name, headers, 'a string for each header')) {
    const own = `${name}.${header}`;
    expect(matches(header, headerName), own, 'header names', value);
    expect(matches(value, headerValue), own, 'a string of visible ASCII characters and spaces', value);
    expect(header.toLowerCase() !== 'authorization', own, 'no token here: pass it as the option token', '[not shown]');
  }
}

function checkPlaces(name: string, places: unknown): void {
  for (const place of listOf(places)) {
    const isValid =
      ['resourceLocation', 'location', 'original'].includes(String(place)) ||
      (isRecord(place) && Object.keys(place).join() === 'suffix' && isSuffix(place['suffix']));
    expect(isValid, name, "'resourceLocation', 'location', 'original' or {suffix}, or a list of these", place);
  }
}

function checkCancel(name: string, cancel: unknown): void {
  const entries = entriesOf(name, cancel, 'a method and, optionally, a suffix');
  const {method, suffix: ending, ...others} = Object.fromEntries(entries);
  const isValid = method !== undefined && Object.keys(others).length === 0;
  expect(isValid, name, 'a method and, optionally, a suffix', cancel);
  expect(method === 'DELETE' || method === 'POST', `${name}.method`, "'DELETE' or 'POST'", method);
  if (ending !== undefined) suffix(`${name}.suffix`, ending);
}

function checkLocationOnly(name: string, protocol: unknown): void {
  const isValid = isRecord(protocol) && protocol['locationOnly'] === undefined;
  expect(isValid, name, 'a protocol without a locationOnly of its own', protocol);
  checkProtocol(protocol as unknown as Protocol);
}

function checkResource(name: string, protocol: unknown): void {
  const isValid = isRecord(protocol) && protocol['resource'] === undefined && protocol['locationOnly'] === undefined;
  expect(isValid, name, 'a protocol without a resource or locationOnly of its own', protocol);
  checkProtocol(protocol as unknown as Protocol);
}

function expect(isValid: boolean, name: string, expectation: string, got: unknown): void {
  if (!isValid) throw expected(name, expectation, show(got));
}

function entriesOf(name: string, value: unknown, expectation: string): [string, unknown][] {
  expect(isPlainObject(value), name, expectation, value);
  return Object.entries(value as Readonly<Record<string, unknown>>);
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
  return value === 'headers' || value === 'resource' || value === 'original' || isPointer(value);
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
