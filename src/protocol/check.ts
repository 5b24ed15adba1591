import {checkStatus} from '../operation/check-status.ts';
import {checkHeaders, checkHeadersBesideToken, headerName} from '../shared/check-headers.ts';
import {checkJson} from '../shared/check-json.ts';
import {
  type Check,
  type Checks,
  checkBoolean,
  checkEach,
  checkForm,
  checkFunction,
  checkMilliseconds,
  checkNonEmptyString,
  checkOneOf,
  checkOptions,
  describeValue,
  expected,
  type Form,
  hasForm,
  isPlainObject,
} from '../shared/check-options.ts';
import {isRecord} from '../shared/json.ts';
import {checkCombinations} from './check-combinations.ts';
import {ownProperty} from './pointer.ts';
import type {ProtocolFields} from './protocol.ts';

/** A check of a list. */
/* @__NO_SIDE_EFFECTS__ */ function checkList(what: string, form: Form): Check {
  return checkForm(`a list of ${what}`, (value) => Array.isArray(value) && value.every((item) => hasForm(item, form)));
}

/** Whether a value is an object with this field alone. */
function hasOnly(value: unknown, field: string, form: Form): boolean {
  return isRecord(value) && Object.keys(value).join() === field && hasForm(value[field], form);
}

const pointer = /^\//;
const suffix = /^[/:][^?#]*$/;
// With the scheme of http or https, or with none: what begins like another one leads nowhere.
const template = /^(?!(?!https?:)[a-z][\w+.-]*:)(?:[^{}]|\{\/[^{}]*\})+$/i;

function isTextOrTemplate(value: unknown, text: RegExp): boolean {
  return hasForm(value, text) || hasOnly(value, 'template', template);
}

function isPlace(value: unknown): boolean {
  return isTextOrTemplate(value, /^(?:resourceLocation|location|original)$/) || hasOnly(value, 'suffix', suffix);
}

function isPointerList(value: unknown): boolean {
  return [value].flat().every((item) => hasForm(item, pointer));
}

function arePointers(value: unknown): boolean {
  return isPointerList(value) && [value].flat().length > 0;
}

/** A check of an object's fields, of which one is required. */
/* @__NO_SIDE_EFFECTS__ */ function checkFields(
  required: string,
  checks: Readonly<Record<string, Check>>,
  or = '',
): Check {
  return (name, value) => {
    if (ownProperty(value, required) === undefined)
      throw expected(name, `${or}an object with a ${required}`, describeValue(value));
    checkEach(value, checks, {name, kind: 'field'});
  };
}

/** A check of an object that maps names to statuses. */
/* @__NO_SIDE_EFFECTS__ */ function checkStatuses(what: string, checkName?: Check): Check {
  return (name, value) => {
    if (!isPlainObject(value)) throw expected(name, `a status for each ${what}`, describeValue(value));
    for (const [key, meaning] of Object.entries(value)) {
      checkName?.(`${name}.${key}`, key);
      checkStatus(`${name}.${key}`, meaning);
    }
  };
}

/** A check of a protocol within another one. */
/* @__NO_SIDE_EFFECTS__ */ function checkNested(...without: readonly string[]): Check {
  return (name, value) => {
    const isValid = isRecord(value) && without.every((field) => ownProperty(value, field) === undefined);
    if (!isValid) throw expected(name, `a protocol without a ${without.join(' or ')} of its own`, describeValue(value));
    checkProtocol(value, name);
  };
}

const pointersExpected = "JSON pointers such as '/status'";
const checkPointers = checkForm(pointersExpected, arePointers);
const checkHeaderName = checkForm("the name of a header such as 'X-Api-Key'", headerName);
const checkHeaderNames = checkList('header names', headerName);
/** The name of the header that carries the token: none that is the transport's or the library's own, or says what a body is. */
const checkTokenHeaderName: Check = (name, value) => {
  checkHeaderName(name, value);
  if (hasForm(value, /^(?:accept|content-type)$/i))
    throw expected(name, 'a header that has no other meaning', describeValue(value));
  checkHeaders(name, {[String(value)]: ''});
};
const checkWords = checkStatuses('word');
const checkTokenHeader = checkFields(
  'header',
  {header: checkTokenHeaderName, scheme: checkHeaderName},
  "'bearer', 'none' or ",
);

/** A check for each field. */
const protocolChecks = {
  status: checkForm(pointersExpected, isPointerList),
  statusIfKnown: checkPointers,
  id: checkPointers,
  createdDateTime: checkPointers,
  lastActionDateTime: checkPointers,
  statusDetail: checkPointers,
  percentComplete: checkPointers,
  resourceLocation: checkPointers,
  result: checkForm(pointersExpected, (value) => value === '' || arePointers(value)),
  error: checkPointers,
  errorCode: checkPointers,
  errorMessage: checkPointers,
  read: checkFunction,
  name: checkNonEmptyString,
  words: checkWords,
  otherWords: checkStatus,
  withoutStatus: checkStatus,
  httpStatuses: checkStatuses(
    'HTTP status',
    checkForm('HTTP statuses from 200 to 599 but 401 and 429', /^(?!401|429)[2-5]\d\d$/),
  ),
  resultLocation: checkForm("'resourceLocation', 'location', 'original', {suffix}, {template} or a list", (value) =>
    [value].flat().every(isPlace),
  ),
  start: checkForm("'headers', 'resource', 'original', '/name' or {template: '/status/{/id}'}", (value) =>
    isTextOrTemplate(value, /^(?:headers|resource|original|\/.*)$/s),
  ),
  requestHeaders: checkHeadersBesideToken,
  pollHeaders: checkHeadersBesideToken,
  locationHeaders: checkHeaderNames,
  moveHeaders: checkHeaderNames,
  pathsUnderRoot: checkBoolean,
  locationOnly: checkNested('locationOnly'),
  resource: checkNested('resource', 'locationOnly'),
  cancel: checkFields('method', {
    method: checkOneOf('DELETE', 'POST', 'PUT', 'PATCH'),
    suffix: checkForm("a string such as '/records' or ':cancel'", suffix),
    template: checkForm("a URL such as '/status/{/id}'", template),
    at: checkPointers,
    body: checkJson,
  }),
  authorization: (name, value) => {
    if (value !== 'bearer' && value !== 'none') checkTokenHeader(name, value);
  },
  errorMeansFailed: checkBoolean,
  errorCodes: checkStatuses('error code'),
  throttlingCodes: checkList('error codes', /./),
  seeOtherSucceeds: checkBoolean,
  notFoundSucceeds: checkBoolean,
  createdMeansDone: checkBoolean,
  bodyMeansDone: checkBoolean,
  foreignHosts: checkBoolean,
  minimumInterval: checkMilliseconds(0),
  maximumInterval: checkMilliseconds(0),
  retryAfter: checkFields('unit', {at: checkPointers, header: checkHeaderName, unit: checkOneOf('ms', 's')}),
  requestTimeout: checkMilliseconds(1),
  totalTimeout: checkMilliseconds(1),
} satisfies Checks<ProtocolFields>;

/**
 * Checks the fields of a protocol. The compiler does so in TypeScript, but protocols also come from JavaScript and from JSON
 * files.
 *
 * @param name what messages call it
 * @throws TypeError or RangeError that names the field, its value and what is expected
 */
export function checkProtocol(given: object, name = 'protocol'): void {
  const form = {name, takes: 'an object with a name, a status and words', kind: 'field', required: ['name']};
  const protocol: Partial<ProtocolFields> = checkOptions(given, protocolChecks, form);
  if (protocol.read === undefined) {
    checkPointers(`${name}.status`, protocol.status);
    checkWords(`${name}.words`, protocol.words);
  }
  checkCombinations(name, protocol);
}
