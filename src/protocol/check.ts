import {isOperationStatus} from '../operation/operation.ts';
import {checkHeadersBesideToken, isHeaderName} from '../shared/check-headers.ts';
import {
  type Check,
  type Checks,
  checkOptions,
  describeValue,
  expected,
  isA,
  isBoolean,
  isFunction,
  isMilliseconds,
  isNonEmptyString,
  isOneOf,
  isPlainObject,
} from '../shared/check-options.ts';
import {isRecord} from '../shared/json.ts';
import {ownProperty} from './pointer.ts';
import type {Protocol} from './protocol.ts';

type Test = (value: unknown) => boolean;

/* @__NO_SIDE_EFFECTS__ */ function matches(pattern: RegExp): Test {
  return (value) => typeof value === 'string' && pattern.test(value);
}

/* @__NO_SIDE_EFFECTS__ */ function isList(test: Test): Test {
  return (value) => Array.isArray(value) && value.every(test);
}

/** An object with this field alone. */
/* @__NO_SIDE_EFFECTS__ */ function hasOnly(field: string, test: Test): Test {
  return (value) => isRecord(value) && Object.keys(value).join() === field && test(value[field]);
}

/** A check of an object's fields, of which one is required. */
/* @__NO_SIDE_EFFECTS__ */ function fields(required: string, checks: Readonly<Record<string, Check>>, or = ''): Check {
  return (name, value) => {
    if (!isRecord(value) || ownProperty(value, required) === undefined)
      throw expected(name, `${or}an object with a ${required}`, describeValue(value));
    checkOptions(value, checks, {name, kind: 'field'});
  };
}

/** A check of an object that maps names to statuses. */
/* @__NO_SIDE_EFFECTS__ */ function statuses(what: string, checkName?: Check): Check {
  return (name, value) => {
    if (!isPlainObject(value)) throw expected(name, `a status for each ${what}`, describeValue(value));
    for (const [key, meaning] of Object.entries(value)) {
      checkName?.(`${name}.${key}`, key);
      status(`${name}.${key}`, meaning);
    }
  };
}

/** A check of a protocol within another one. */
/* @__NO_SIDE_EFFECTS__ */ function nested(...without: readonly string[]): Check {
  return (name, value) => {
    const isValid = isRecord(value) && without.every((field) => ownProperty(value, field) === undefined);
    if (!isValid) throw expected(name, `a protocol without a ${without.join(' or ')} of its own`, describeValue(value));
    checkProtocol(value);
  };
}

const isPointer = matches(/^\//);
const isSuffix = matches(/^[/:][^?#]*$/);
const isTemplate = matches(/^(?:[^{}]|\{\/[^{}]*\})+$/);
const isPlace = [
  matches(/^(?:resourceLocation|location|original)$/),
  hasOnly('suffix', isSuffix),
  hasOnly('template', isTemplate),
];
const isStart = [matches(/^(?:headers|resource|original|\/.*)$/s), hasOnly('template', isTemplate)];
const isPointerList: Test = (value) => isPointer(value) || isList(isPointer)(value);
const arePointers: Test = (value) => isPointerList(value) && [value].flat().length > 0;

const status = isA('notStarted, running, succeeded, failed or canceled', isOperationStatus);
const pointersExpected = "JSON pointers such as '/status'";
const pointers = isA(pointersExpected, arePointers);
const header = isA("the name of a header such as 'X-Api-Key'", isHeaderName);
const headerNames = isA('a list of header names', isList(isHeaderName));
const milliseconds = isMilliseconds(0);
const words = statuses('word');
const tokenHeader = fields('header', {header, scheme: header}, "'bearer', 'none' or ");

/** A check for each field. */
const protocolChecks = {
  status: isA(pointersExpected, isPointerList),
  statusIfKnown: pointers,
  id: pointers,
  createdDateTime: pointers,
  lastActionDateTime: pointers,
  statusDetail: pointers,
  percentComplete: pointers,
  resourceLocation: pointers,
  result: isA(pointersExpected, (value) => value === '' || arePointers(value)),
  error: pointers,
  errorCode: pointers,
  errorMessage: pointers,
  read: isFunction,
  name: isNonEmptyString,
  words,
  otherWords: status,
  withoutStatus: status,
  httpStatuses: statuses(
    'HTTP status',
    isA('HTTP statuses from 200 to 599 but 401 and 429', matches(/^(?!401|429)[2-5]\d\d$/)),
  ),
  resultLocation: isA(
    "'resourceLocation', 'location', 'original', {suffix} or {template}, or a list of these",
    (value) => [value].flat().every((place) => isPlace.some((test) => test(place))),
  ),
  start: isA("'headers', 'resource', 'original', a JSON pointer such as '/name' or {template}", (value) =>
    isStart.some((test) => test(value)),
  ),
  requestHeaders: checkHeadersBesideToken,
  pollHeaders: checkHeadersBesideToken,
  locationHeaders: headerNames,
  moveHeaders: headerNames,
  pathsUnderRoot: isBoolean,
  locationOnly: nested('locationOnly'),
  resource: nested('resource', 'locationOnly'),
  cancel: fields('method', {
    method: isOneOf('DELETE', 'POST', 'PUT', 'PATCH'),
    suffix: isA("a string such as '/records' or ':cancel'", isSuffix),
    template: isA("a URL such as '/status/{/id}'", isTemplate),
    at: pointers,
    body: () => {}, // Anything may be sent.
  }),
  authorization: (name, value) => {
    if (value !== 'bearer' && value !== 'none') tokenHeader(name, value);
  },
  errorMeansFailed: isBoolean,
  errorCodes: statuses('error code'),
  throttlingCodes: isA('a list of error codes', isList(matches(/./))),
  seeOtherSucceeds: isBoolean,
  notFoundSucceeds: isBoolean,
  createdMeansDone: isBoolean,
  bodyMeansDone: isBoolean,
  foreignHosts: isBoolean,
  minimumInterval: milliseconds,
  maximumInterval: milliseconds,
  retryAfter: fields('unit', {at: pointers, header, unit: isOneOf('ms', 's')}),
  requestTimeout: isMilliseconds(1),
  totalTimeout: milliseconds,
} satisfies Checks<Protocol>;

/**
 * Checks the fields of a protocol. The compiler does so in TypeScript, but protocols also come from JavaScript and from JSON
 * files.
 *
 * @throws TypeError or RangeError that names the field, its value and what is expected
 */
export function checkProtocol(given: object): void {
  if (!isRecord(given)) throw expected('protocol', 'a protocol such as protocols.longRunning', describeValue(given));
  const form = {name: 'protocol', kind: 'field', required: ['name']};
  const protocol: Partial<Protocol> = checkOptions(given, protocolChecks, form);
  if (protocol.read === undefined) {
    pointers('protocol.status', protocol.status);
    words('protocol.words', protocol.words);
  }
  const {words: known = {}, otherWords, withoutStatus, httpStatuses = {}} = protocol;
  const byWord = new Map<string, unknown>();
  for (const [word, meaning] of Object.entries(known)) {
    const other = byWord.get(word.toLowerCase()) ?? meaning;
    const takes = `the status that the same word has in another case, ${other}`;
    if (other !== meaning) throw expected(`protocol.words.${word}`, takes, describeValue(meaning));
    byWord.set(word.toLowerCase(), meaning);
  }
  const meanings = [...byWord.values(), ...Object.values(httpStatuses), otherWords, withoutStatus];
  const succeeds = protocol.read !== undefined || protocol.seeOtherSucceeds || protocol.notFoundSucceeds;
  if (!succeeds && !meanings.includes('succeeded')) {
    const found = [...new Set(meanings)].filter(isOperationStatus).join(', ') || 'none';
    throw expected('protocol.words', 'a word that means succeeded', `words for: ${found}`);
  }
  const {minimumInterval = 0, maximumInterval = minimumInterval} = protocol;
  if (maximumInterval < minimumInterval) {
    throw new RangeError(
      `protocol.maximumInterval: expected no less than minimumInterval, ${minimumInterval}, got ${maximumInterval}`,
    );
  }
}
