import {isOperationStatus, type OperationStatus} from '../operation/operation.ts';
import {checkHeadersBesideToken} from '../shared/check-headers.ts';
import {describeValue, expected} from '../shared/check-options.ts';
import {ownProperty} from './pointer.ts';
import type {ProtocolFields} from './protocol.ts';

/** Fields that have been checked each by itself. */
type Fields = Partial<ProtocolFields>;

/**
 * Checks fields of a protocol together: those that contradict each other can only be a mistake. One that merely has no effect beside
 * another is accepted, because a spread of another protocol may have brought it along.
 *
 * @param name what messages call the protocol
 * @throws TypeError or RangeError that names a field, its value and what is expected
 */
export function checkCombinations(name: string, protocol: Fields): void {
  checkCases(`${name}.words`, 'word', protocol.words);
  checkCases(`${name}.errorCodes`, 'code', protocol.errorCodes);
  checkSucceeds(`${name}.words`, protocol);
  checkStatusPlaces(`${name}.statusIfKnown`, protocol);
  checkHttpStatuses(`${name}.httpStatuses`, protocol);
  checkErrorCodes(`${name}.errorMeansFailed`, protocol);
  checkStart(name, protocol);
  checkHeaders(name, protocol);
  checkCancel(`${name}.cancel`, protocol);
  checkWaits(name, protocol);
}

/** A word means the same in any case, and so does the code of an error. */
function checkCases(name: string, what: string, meanings: Readonly<Record<string, OperationStatus>> = {}): void {
  const byWord = new Map<string, unknown>();
  for (const [word, meaning] of Object.entries(meanings)) {
    const anyCase = word.toLowerCase();
    const other = byWord.get(anyCase) ?? meaning;
    const takes = `the status that the same ${what} has in another case, ${other}`;
    if (other !== meaning) throw expected(`${name}.${word}`, takes, describeValue(meaning));
    byWord.set(anyCase, meaning);
  }
}

/** An operation can succeed. */
function checkSucceeds(name: string, {words = {}, httpStatuses = {}, ...protocol}: Fields): void {
  const meanings = [
    ...Object.values(words),
    ...Object.values(httpStatuses),
    protocol.otherWords,
    protocol.withoutStatus,
  ];
  if (protocol.read || protocol.seeOtherSucceeds || protocol.notFoundSucceeds || meanings.includes('succeeded')) return;
  const found = [...new Set(meanings)].filter(isOperationStatus).join(', ') || 'none';
  throw expected(name, 'a word that means succeeded', `words for: ${found}`);
}

/** At one place, a word that is not known is either reported or ignored. */
function checkStatusPlaces(name: string, {status = [], statusIfKnown = []}: Fields): void {
  const twice = [statusIfKnown].flat().find((place) => [status].flat().includes(place));
  if (twice !== undefined) throw expected(name, 'places that are not in status', describeValue(twice));
}

/** An HTTP status that means success by a field of its own cannot mean something else. */
function checkHttpStatuses(name: string, {httpStatuses = {}, read, ...protocol}: Fields): void {
  const fields = {303: 'seeOtherSucceeds', 404: 'notFoundSucceeds', 410: 'notFoundSucceeds'} as const;
  for (const [httpStatus, field] of Object.entries(fields)) {
    const {[Number(httpStatus)]: meaning = 'succeeded'} = httpStatuses;
    if (read === undefined && protocol[field] && meaning !== 'succeeded')
      throw expected(`${name}.${httpStatus}`, `succeeded, because of ${field}`, describeValue(meaning));
  }
}

/** Without `errorMeansFailed`, only whether an error is one matters, where there is no status word. */
function checkErrorCodes(name: string, {errorCodes = {}, errorMeansFailed, ...protocol}: Fields): void {
  if (errorMeansFailed || protocol.read) return;
  const mayBeNone = protocol.withoutStatus !== undefined || protocol.httpStatuses !== undefined;
  const unused = Object.entries(errorCodes).find(([, meaning]) => !(mayBeNone && meaning === 'succeeded'));
  if (unused !== undefined)
    throw expected(name, `true, which errorCodes.${unused[0]} needs`, describeValue(errorMeansFailed));
}

/** A resource that was created either has yet to be watched or is the result. */
function checkStart(name: string, {start, createdMeansDone}: Fields): void {
  if (start === 'resource' && createdMeansDone)
    throw expected(`${name}.createdMeansDone`, "false where start is 'resource'", 'true');
}

/** The token has its header to itself. */
function checkHeaders(name: string, {authorization, requestHeaders = {}, pollHeaders = {}}: Fields): void {
  const tokenHeader = typeof authorization === 'object' ? authorization.header.toLowerCase() : undefined;
  checkHeadersBesideToken(`${name}.requestHeaders`, requestHeaders, tokenHeader);
  checkHeadersBesideToken(`${name}.pollHeaders`, pollHeaders, tokenHeader);
}

/** A cancellation goes to one place. */
function checkCancel(name: string, {cancel}: Fields): void {
  const urls = ['suffix', 'template', 'at'].filter((field) => ownProperty(cancel, field) !== undefined).length;
  if (urls > 1) throw expected(name, 'one of suffix, template and at', `${urls} of them`);
}

/** What is read as a wait in any case, and its unit. */
const waitHeaders: Readonly<Record<string, string>> = {
  'retry-after': 's',
  'retry-after-ms': 'ms',
  'x-ms-retry-after-ms': 'ms',
};

/** Waits are of some length, and of one alone. */
function checkWaits(name: string, {retryAfter, minimumInterval = 0, maximumInterval = minimumInterval}: Fields): void {
  const header = ownProperty(retryAfter, 'header');
  if (retryAfter !== undefined && header === undefined && ownProperty(retryAfter, 'at') === undefined)
    throw expected(`${name}.retryAfter`, 'an object with a header or at', 'neither');
  const unit = ownProperty(waitHeaders, String(header).toLowerCase());
  if (unit !== undefined && retryAfter?.unit !== unit)
    throw expected(`${name}.retryAfter.unit`, `'${unit}', in which ${header} is read`, describeValue(retryAfter?.unit));
  if (maximumInterval < minimumInterval) {
    const least = `no less than minimumInterval, ${minimumInterval}`;
    throw new RangeError(`${name}.maximumInterval: expected ${least}, got ${maximumInterval}`);
  }
}
