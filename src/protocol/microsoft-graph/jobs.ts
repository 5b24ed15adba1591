import {likeLongRunning, longRunningWords} from '../long-running.ts';
import type {ProtocolFields} from '../protocol.ts';
import {pollHeaders} from './poll-headers.ts';

/** Most of these jobs are resources that their starts create. */
/* @__NO_SIDE_EFFECTS__ */ function jobFields(
  fields: Partial<ProtocolFields> & Pick<ProtocolFields, 'name' | 'words'>,
): ProtocolFields {
  return {status: '/status', start: 'resource', pathsUnderRoot: true, pollHeaders, ...fields};
}

/**
 * Further jobs of Graph v1.0, after its published schema and the pages of
 * [its reference](https://learn.microsoft.com/graph/api/overview?view=graph-rest-1.0). A word that the two leave open counts as running.
 */
export const jobs = {
  telephoneNumbers: likeLongRunning({
    name: 'graph.telephoneNumbers',
    statusDetail: ['/statusDetail', '/numbers/0/statusDetail'],
    pathsUnderRoot: true,
  }),
  restoreSession: jobFields({
    name: 'graph.restoreSession',
    words: {
      draft: 'notStarted',
      activating: 'running',
      active: 'running',
      completed: 'succeeded',
      completedWithError: 'succeeded',
      failed: 'failed',
    },
  }),
  protectionUnitsBulkJob: jobFields({
    name: 'graph.protectionUnitsBulkJob',
    words: {
      unknown: 'notStarted',
      created: 'notStarted',
      active: 'running',
      completed: 'succeeded',
      completedWithErrors: 'succeeded',
    },
  }),
  browseSession: jobFields({
    name: 'graph.browseSession',
    words: {creating: 'running', created: 'succeeded', failed: 'failed'},
  }),
  recoveryJob: jobFields({
    name: 'graph.recoveryJob',
    words: {
      initialized: 'notStarted',
      calculating: 'running',
      loadingData: 'running',
      running: 'running',
      successful: 'succeeded',
      failed: 'failed',
      abandoned: 'canceled',
    },
    start: 'headers',
    cancel: {method: 'POST', suffix: '/cancel'},
  }),
  configurationSnapshotJob: jobFields({
    name: 'graph.configurationSnapshotJob',
    words: {
      notStarted: 'notStarted',
      running: 'running',
      succeeded: 'succeeded',
      partiallySuccessful: 'succeeded',
      failed: 'failed',
    },
    errorMessage: '/errorDetails/0',
    // Started by POST …/configurationSnapshots/createSnapshot.
    start: {template: '../configurationSnapshotJobs/{/id}'},
  }),
  delegatedAdminRelationship: jobFields({
    name: 'graph.delegatedAdminRelationship',
    words: longRunningWords,
  }),
  lifecycleRun: jobFields({
    name: 'graph.lifecycleRun',
    status: '/processingStatus',
    words: {
      queued: 'notStarted',
      inProgress: 'running',
      canceling: 'running',
      completed: 'succeeded',
      completedWithErrors: 'succeeded',
      failed: 'failed',
      quarantined: 'failed',
      canceled: 'canceled',
    },
  }),
  accessPackageAssignmentRequest: jobFields({
    name: 'graph.accessPackageAssignmentRequest',
    status: '/state',
    words: {
      submitted: 'notStarted',
      pendingApproval: 'notStarted',
      scheduled: 'notStarted',
      delivering: 'running',
      delivered: 'succeeded',
      partiallyDelivered: 'succeeded',
      deliveryFailed: 'failed',
      denied: 'failed',
      canceled: 'canceled',
    },
    cancel: {method: 'POST', suffix: '/cancel'},
  }),
  accessReviewHistory: jobFields({
    name: 'graph.accessReviewHistory',
    words: {requested: 'notStarted', inprogress: 'running', done: 'succeeded', error: 'failed'},
  }),
  appLogCollection: jobFields({
    name: 'graph.appLogCollection',
    words: {pending: 'running', completed: 'succeeded', failed: 'failed'},
    errorMessage: '/errorMessage',
  }),
  autopilotImport: jobFields({
    name: 'graph.autopilotImport',
    status: '/state/deviceImportStatus',
    words: {
      unknown: 'notStarted',
      pending: 'running',
      complete: 'succeeded',
      partial: 'succeeded',
      error: 'failed',
    },
    errorCode: '/state/deviceErrorCode',
    errorMessage: '/state/deviceErrorName',
  }),
  multiTenantJoin: jobFields({
    name: 'graph.multiTenantJoin',
    status: '/transitionDetails/status',
    words: longRunningWords,
    start: 'original',
  }),
  shiftsSchedule: jobFields({
    name: 'graph.shiftsSchedule',
    status: '/provisionStatus',
    words: {notStarted: 'notStarted', running: 'running', completed: 'succeeded', failed: 'failed'},
    errorCode: '/provisionStatusCode',
    start: 'original',
  }),
  printJob: jobFields({
    name: 'graph.printJob',
    status: '/status/state',
    statusDetail: '/status/description',
    words: {
      pending: 'notStarted',
      processing: 'running',
      paused: 'running',
      stopped: 'running',
      completed: 'succeeded',
      aborted: 'failed',
      canceled: 'canceled',
    },
    cancel: {method: 'POST', suffix: '/cancel'},
  }),
} as const satisfies Readonly<Record<string, ProtocolFields>>;
