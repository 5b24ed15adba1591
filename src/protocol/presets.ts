import {azureLocation, azureResource, azureStatusMonitor} from './azure.ts';
import {googleLongrunning} from './google-longrunning.ts';
import {longRunning} from './long-running.ts';
import {attackSimulation} from './microsoft-graph/attack-simulation.ts';
import {auditQuery} from './microsoft-graph/audit-query.ts';
import {authentication} from './microsoft-graph/authentication.ts';
import {cloudPcExport} from './microsoft-graph/cloud-pc-export.ts';
import {connector} from './microsoft-graph/connector.ts';
import {dataPolicy} from './microsoft-graph/data-policy.ts';
import {driveCopy} from './microsoft-graph/drive-copy.ts';
import {ediscovery} from './microsoft-graph/ediscovery.ts';
import {engagement} from './microsoft-graph/engagement.ts';
import {intuneExport} from './microsoft-graph/intune-export.ts';
import {jobs} from './microsoft-graph/jobs.ts';
import {onenote} from './microsoft-graph/onenote.ts';
import {partnerBilling} from './microsoft-graph/partner-billing.ts';
import {print} from './microsoft-graph/print.ts';
import {richLongRunning} from './microsoft-graph/rich-long-running.ts';
import {teams} from './microsoft-graph/teams.ts';
import {workbook} from './microsoft-graph/workbook.ts';
import type {Protocol} from './protocol.ts';

/** Microsoft Graph's long-running operations, one protocol for each kind. */
export interface GraphProtocols {
  /** Password resets and other authentication methods. */
  readonly authentication: Protocol;
  /** Sites and lists. */
  readonly richLongRunning: Protocol;
  /** Viva Engage. */
  readonly engagement: Protocol;
  /** Attack simulation training. */
  readonly attackSimulation: Protocol;
  /** Teams. */
  readonly teams: Protocol;
  /** Copying a drive item. */
  readonly driveCopy: Protocol;
  /** Excel workbooks. */
  readonly workbook: Protocol;
  /** The schema of a connector. */
  readonly connector: Protocol;
  /** OneNote. */
  readonly onenote: Protocol;
  /** Universal Print. */
  readonly print: Protocol;
  /** eDiscovery. */
  readonly ediscovery: Protocol;
  /** Exporting a user's personal data. */
  readonly dataPolicy: Protocol;
  /** Exporting an Intune report. */
  readonly intuneExport: Protocol;
  /** Exporting a Cloud PC report. */
  readonly cloudPcExport: Protocol;
  /** Searching the audit log. */
  readonly auditQuery: Protocol;
  /** Exporting a partner's billing data. */
  readonly partnerBilling: Protocol;
  /** Ordering, assigning and releasing telephone numbers, `telephoneNumberLongRunningOperation`. */
  readonly telephoneNumbers: Protocol;
  /** Restoring from a backup, `restoreSessionBase`. */
  readonly restoreSession: Protocol;
  /** Adding many units to a backup, `protectionUnitsBulkJobBase`. */
  readonly protectionUnitsBulkJob: Protocol;
  /** Browsing a backup, `browseSessionBase`. */
  readonly browseSession: Protocol;
  /** Recovering Entra objects, or a preview of that: `recoveryJob` and `recoveryPreviewJob`. */
  readonly recoveryJob: Protocol;
  /** A snapshot of a tenant's configuration. */
  readonly configurationSnapshotJob: Protocol;
  /** Changing a delegated admin relationship, `delegatedAdminRelationshipOperation`. */
  readonly delegatedAdminRelationship: Protocol;
  /** A run of a lifecycle workflow, `identityGovernance.run`. */
  readonly lifecycleRun: Protocol;
  /** A request for an access package. */
  readonly accessPackageAssignmentRequest: Protocol;
  /** A history of access reviews, `accessReviewHistoryInstance`. */
  readonly accessReviewHistory: Protocol;
  /** Collecting the logs of an Intune app, `appLogCollectionRequest`. */
  readonly appLogCollection: Protocol;
  /** Importing a device, `importedWindowsAutopilotDeviceIdentity`. */
  readonly autopilotImport: Protocol;
  /** Joining a multitenant organization, `multiTenantOrganizationJoinRequestRecord`. */
  readonly multiTenantJoin: Protocol;
  /** Making the schedule of a team in Shifts. */
  readonly shiftsSchedule: Protocol;
  /** A job of Universal Print. */
  readonly printJob: Protocol;
}

/** Microsoft Graph's operations. */
export const graph: GraphProtocols = /* @__PURE__ */ Object.assign(
  {
    authentication,
    richLongRunning,
    engagement,
    attackSimulation,
    teams,
    driveCopy,
    workbook,
    connector,
    onenote,
    print,
    ediscovery,
    dataPolicy,
    intuneExport,
    cloudPcExport,
    auditQuery,
    partnerBilling,
  },
  jobs,
);

/** Azure's operations. */
export const azure: {
  /** Operations of Azure, found by `Operation-Location`, `Azure-AsyncOperation` or `Location`. */
  readonly statusMonitor: Protocol;
  /** Operations of Azure that only a `Location` leads to. */
  readonly location: Protocol;
  /** Resources of Azure, which show how they are made or changed. */
  readonly resource: Protocol;
} = {statusMonitor: azureStatusMonitor, location: azureLocation, resource: azureResource};

/** Google's operations. */
export const google: {
  /** `google.longrunning.Operation`. */
  readonly longrunning: Protocol;
} = {longrunning: googleLongrunning};

/** All built-in protocols. */
export const presets: readonly Protocol[] = /* @__PURE__ */ listPresets();

function listPresets(): Protocol[] {
  return [longRunning, ...Object.values<Protocol>({...graph}), ...Object.values(azure), ...Object.values(google)];
}

const presetsByName: ReadonlyMap<string, Protocol> = /* @__PURE__ */ new Map(
  /* @__PURE__ */ presets.map((protocol) => [protocol.name, protocol]),
);

/** The preset with this name; resume tokens refer to presets by name. */
export function protocolNamed(name: string): Protocol | undefined {
  return presetsByName.get(name);
}
