import {describe, expect, test} from '@jest/globals';
import type {OperationStatus} from '../../src/operation/operation.ts';
import {jobs} from '../../src/protocol/microsoft-graph/jobs.ts';
import {protocolReader} from '../../src/protocol/protocol-reader.ts';
import {graph} from '../../src/protocol/protocols.ts';
import {startLocation} from '../../src/protocol/start.ts';
import {parse} from './parsing.ts';

const longRunning = 'notStarted | running | succeeded | failed | skipped';

/** The words of Graph's schema: not started, running, succeeded, failed, canceled; and where they stand. */
const kinds: Readonly<Record<keyof typeof jobs, readonly [words: string, ...place: string[]]>> = {
  telephoneNumbers: [longRunning, 'status'],
  restoreSession: ['draft | activating, active | completed, completedWithError | failed |', 'status'],
  protectionUnitsBulkJob: ['unknown, created | active | completed, completedWithErrors | |', 'status'],
  browseSession: ['| creating | created | failed |', 'status'],
  recoveryJob: ['initialized | calculating, loadingData, running | successful | failed | abandoned', 'status'],
  configurationSnapshotJob: ['notStarted | running | succeeded, partiallySuccessful | failed |', 'status'],
  delegatedAdminRelationship: [longRunning, 'status'],
  lifecycleRun: [
    'queued | inProgress, canceling | completed, completedWithErrors | failed, quarantined | canceled',
    'processingStatus',
  ],
  accessPackageAssignmentRequest: [
    'submitted, pendingApproval, scheduled | delivering | delivered, partiallyDelivered | deliveryFailed, denied | canceled',
    'state',
  ],
  accessReviewHistory: ['requested | inprogress | done | error |', 'status'],
  appLogCollection: ['| pending | completed | failed |', 'status'],
  autopilotImport: ['unknown | pending | complete, partial | error |', 'state', 'deviceImportStatus'],
  multiTenantJoin: [longRunning, 'transitionDetails', 'status'],
  shiftsSchedule: ['NotStarted | Running | Completed | Failed |', 'provisionStatus'],
  printJob: ['pending | processing, paused, stopped | completed | aborted | canceled', 'status', 'state'],
};

const statuses: readonly OperationStatus[] = ['notStarted', 'running', 'succeeded', 'failed', 'canceled'];

/** A body with the word at its place. */
const bodyAt = (place: readonly string[], word: string): object =>
  place.reduceRight<object | string>((inner, name) => ({[name]: inner}), word) as object;

describe.each(Object.entries(kinds))('graph.%s', (name, [words, ...place]) => {
  const protocol = graph[name as keyof typeof jobs];
  const expected = words
    .split('|')
    .flatMap((cell, index) => cell.split(',').map((word) => [word.trim(), statuses[index]] as const))
    .filter(([word]) => word !== '');

  test.each(expected)('%s is %s', (word, status) => {
    expect(parse(protocol, {id: 'a', ...bodyAt(place, word)})).toMatchObject({operation: {status, rawStatus: word}});
  });

  test('has no other words', () => {
    expect(Object.keys(protocol.words)).toHaveLength(expected.length);
  });
});

test('where their starts lead', () => {
  const root = 'https://graph.microsoft.com/v1.0';
  const url = `${root}/a/configurationSnapshots/createSnapshot?x=1`;
  const headers = new Headers({location: '/a/recoveryJobs/1'});
  const locations = Object.entries(graph).flatMap(([name, protocol]) => {
    if (!(name in jobs)) return [];
    const answer = {url, status: 200, headers, json: {id: '7'}};
    const location = startLocation(answer, protocolReader(protocol), root, root);
    return [[name, location?.replace(`${root}/a/`, '')]];
  });
  const special: Readonly<Record<string, string>> = {
    telephoneNumbers: 'recoveryJobs/1',
    recoveryJob: 'recoveryJobs/1',
    configurationSnapshotJob: 'configurationSnapshotJobs/7',
    multiTenantJoin: 'configurationSnapshots/createSnapshot?x=1',
    shiftsSchedule: 'configurationSnapshots/createSnapshot?x=1',
  };
  const created = 'configurationSnapshots/createSnapshot/7';
  expect(locations).toEqual(Object.keys(jobs).map((name) => [name, special[name] ?? created]));
});

test('which of them Graph cancels', () => {
  const canceled = Object.entries(graph).filter(([, {cancel}]) => cancel !== undefined);
  expect(canceled.map(([name]) => name)).toEqual(['recoveryJob', 'accessPackageAssignmentRequest', 'printJob']);
});

test.each([
  ['telephoneNumbers', {status: 'failed', numbers: [{statusDetail: 'Not portable'}]}, {statusDetail: 'Not portable'}],
  ['configurationSnapshotJob', {status: 'failed', errorDetails: ['No access']}, {error: {message: 'No access'}}],
  [
    'autopilotImport',
    {state: {deviceImportStatus: 'error', deviceErrorCode: 806, deviceErrorName: 'ZtdDeviceAlreadyAssigned'}},
    {error: {code: '806', message: 'ZtdDeviceAlreadyAssigned'}},
  ],
  ['shiftsSchedule', {provisionStatus: 'Failed', provisionStatusCode: 'NoTeam'}, {error: {code: 'NoTeam'}}],
  ['appLogCollection', {status: 'failed', errorMessage: 'No disk space'}, {error: {message: 'No disk space'}}],
  ['restoreSession', {status: 'failed', error: {code: 'x'}}, {error: {code: 'x'}}],
] as const)('why a job of %s failed', (name, body, operation) => {
  expect(parse(graph[name], body)).toMatchObject({operation: {status: 'failed', ...operation}});
});
