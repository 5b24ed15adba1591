import {azureLocation, azureResource, azureStatusMonitor} from './azure.ts';
import {definePreset} from './define-preset.ts';
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
import type {Protocol, ProtocolFields} from './protocol.ts';

const defined = /* @__PURE__ */ new WeakMap<ProtocolFields, Protocol>();

/** Defines a protocol when it is first used: a program uses few of them. */
function preset(fields: ProtocolFields): Protocol {
  const known = defined.get(fields);
  if (known !== undefined) return known;
  const protocol = definePreset(fields);
  defined.set(fields, protocol);
  return protocol;
}

/** Microsoft Graph's long-running operations, one protocol for each kind. */
export const graph = {
  /** Password resets and other authentication methods. */
  get authentication(): Protocol {
    return preset(authentication);
  },
  /** Sites and lists. */
  get richLongRunning(): Protocol {
    return preset(richLongRunning);
  },
  /** Viva Engage. */
  get engagement(): Protocol {
    return preset(engagement);
  },
  /** Attack simulation training. */
  get attackSimulation(): Protocol {
    return preset(attackSimulation);
  },
  /** Teams. */
  get teams(): Protocol {
    return preset(teams);
  },
  /** Copying a drive item. */
  get driveCopy(): Protocol {
    return preset(driveCopy);
  },
  /** Excel workbooks. */
  get workbook(): Protocol {
    return preset(workbook);
  },
  /** The schema of a connector. */
  get connector(): Protocol {
    return preset(connector);
  },
  /** OneNote. */
  get onenote(): Protocol {
    return preset(onenote);
  },
  /** Universal Print. */
  get print(): Protocol {
    return preset(print);
  },
  /** eDiscovery. */
  get ediscovery(): Protocol {
    return preset(ediscovery);
  },
  /** Exporting a user's personal data. */
  get dataPolicy(): Protocol {
    return preset(dataPolicy);
  },
  /** Exporting an Intune report. */
  get intuneExport(): Protocol {
    return preset(intuneExport);
  },
  /** Exporting a Cloud PC report. */
  get cloudPcExport(): Protocol {
    return preset(cloudPcExport);
  },
  /** Searching the audit log. */
  get auditQuery(): Protocol {
    return preset(auditQuery);
  },
  /** Exporting a partner's billing data. */
  get partnerBilling(): Protocol {
    return preset(partnerBilling);
  },
  /** Ordering, assigning and releasing telephone numbers, `telephoneNumberLongRunningOperation`. */
  get telephoneNumbers(): Protocol {
    return preset(jobs.telephoneNumbers);
  },
  /** Restoring from a backup, `restoreSessionBase`. */
  get restoreSession(): Protocol {
    return preset(jobs.restoreSession);
  },
  /** Adding many units to a backup, `protectionUnitsBulkJobBase`. */
  get protectionUnitsBulkJob(): Protocol {
    return preset(jobs.protectionUnitsBulkJob);
  },
  /** Browsing a backup, `browseSessionBase`. */
  get browseSession(): Protocol {
    return preset(jobs.browseSession);
  },
  /** Recovering Entra objects, or a preview of that: `recoveryJob` and `recoveryPreviewJob`. */
  get recoveryJob(): Protocol {
    return preset(jobs.recoveryJob);
  },
  /** A snapshot of a tenant's configuration. */
  get configurationSnapshotJob(): Protocol {
    return preset(jobs.configurationSnapshotJob);
  },
  /** Changing a delegated admin relationship, `delegatedAdminRelationshipOperation`. */
  get delegatedAdminRelationship(): Protocol {
    return preset(jobs.delegatedAdminRelationship);
  },
  /** A run of a lifecycle workflow, `identityGovernance.run`. */
  get lifecycleRun(): Protocol {
    return preset(jobs.lifecycleRun);
  },
  /** A request for an access package. */
  get accessPackageAssignmentRequest(): Protocol {
    return preset(jobs.accessPackageAssignmentRequest);
  },
  /** A history of access reviews, `accessReviewHistoryInstance`. */
  get accessReviewHistory(): Protocol {
    return preset(jobs.accessReviewHistory);
  },
  /** Collecting the logs of an Intune app, `appLogCollectionRequest`. */
  get appLogCollection(): Protocol {
    return preset(jobs.appLogCollection);
  },
  /** Importing a device, `importedWindowsAutopilotDeviceIdentity`. */
  get autopilotImport(): Protocol {
    return preset(jobs.autopilotImport);
  },
  /** Joining a multitenant organization, `multiTenantOrganizationJoinRequestRecord`. */
  get multiTenantJoin(): Protocol {
    return preset(jobs.multiTenantJoin);
  },
  /** Making the schedule of a team in Shifts. */
  get shiftsSchedule(): Protocol {
    return preset(jobs.shiftsSchedule);
  },
  /** A job of Universal Print. */
  get printJob(): Protocol {
    return preset(jobs.printJob);
  },
};

/** What {@link graph} holds. */
export type GraphProtocols = Readonly<typeof graph>;

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
export function listPresets(): readonly Protocol[] {
  return [longRunning, ...Object.values(graph), ...Object.values(azure), ...Object.values(google)];
}

let presetsByName: ReadonlyMap<string, Protocol> | undefined;

/** The preset with this name; resume tokens refer to presets by name. */
export function protocolNamed(name: string): Protocol | undefined {
  presetsByName ??= new Map(listPresets().map((protocol) => [protocol.name, protocol]));
  return presetsByName.get(name);
}
