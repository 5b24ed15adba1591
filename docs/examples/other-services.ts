// Protocols of services that the catalogue does not have: each is data, or a `read` where data ends. Copy the one that you need. For
// docs/catalog.md. Modeled from the documentation of each; none was tried live.
import {type OperationStatus, protocols} from 'operation-poller';

// The response to the start says where the job is, no header; and the result is in the job, or named there.
const inBody = {locationHeaders: [], resultLocation: []} as const;

/** OpenAI responses with `background: true`. */
export const openaiResponses = protocols.define({
  ...inBody,
  name: 'openai.responses',
  status: '/status',
  words: {
    queued: 'notStarted',
    in_progress: 'running',
    completed: 'succeeded',
    failed: 'failed',
    incomplete: 'failed',
    cancelled: 'canceled',
  },
  start: 'resource',
  createdDateTime: '/created_at',
  result: '',
  errorCode: ['/error/code', '/incomplete_details/reason'],
  retryAfter: {header: 'openai-poll-after-ms', unit: 'ms'},
  cancel: {method: 'POST', suffix: '/cancel'},
});

/** Databricks job runs. */
export const databricksRuns = protocols.define({
  ...inBody,
  name: 'databricks.runs',
  status: ['/state/result_state', '/state/life_cycle_state'],
  words: {
    PENDING: 'notStarted',
    QUEUED: 'notStarted',
    BLOCKED: 'notStarted',
    RUNNING: 'running',
    TERMINATING: 'running',
    WAITING_FOR_RETRY: 'running',
    SUCCESS: 'succeeded',
    FAILED: 'failed',
    TIMEDOUT: 'failed',
    INTERNAL_ERROR: 'failed',
    CANCELED: 'canceled',
    SKIPPED: 'canceled',
  },
  start: {template: '/jobs/runs/get?run_id={/run_id}'},
  id: '/run_id',
  result: '/run_page_url',
  errorCode: '/state/result_state',
  errorMessage: '/state/state_message',
});

/** BigQuery jobs. */
export const bigqueryJobs = protocols.define({
  ...inBody,
  name: 'bigquery.jobs',
  status: '/status/state',
  words: {PENDING: 'notStarted', RUNNING: 'running', DONE: 'succeeded'},
  start: '/selfLink',
  result: '/statistics',
  errorMeansFailed: true,
  error: '/status/errorResult',
  errorCode: '/status/errorResult/reason',
  cancel: {method: 'POST', suffix: '/cancel'},
});

/** Uploads of SARIF files to GitHub. */
export const githubSarifUploads = protocols.define({
  ...inBody,
  name: 'github.sarif',
  status: '/processing_status',
  words: {pending: 'running', complete: 'succeeded', failed: 'failed'},
  start: '/url',
  pollHeaders: {'x-github-api-version': '2022-11-28'},
  requestHeaders: {'x-github-api-version': '2022-11-28'},
  result: '/analyses_url',
  error: '/errors/0',
});

/** Runs of a GitHub workflow, watched at their URL: started by a GET of a client, or with `pollOperation`. */
export const githubWorkflowRuns = protocols.define({
  ...inBody,
  name: 'github.runs',
  status: ['/conclusion', '/status'],
  words: {
    queued: 'notStarted',
    requested: 'notStarted',
    waiting: 'notStarted',
    pending: 'notStarted',
    in_progress: 'running',
    success: 'succeeded',
    neutral: 'succeeded',
    failure: 'failed',
    timed_out: 'failed',
    action_required: 'failed',
    startup_failure: 'failed',
    stale: 'failed',
    cancelled: 'canceled',
    skipped: 'canceled',
  },
  start: 'original',
  result: '/html_url',
  errorCode: '/conclusion',
  cancel: {method: 'POST', suffix: '/cancel'},
});

/** Salesforce Bulk 2 jobs. The result is CSV: with `fetchResult: 'text'`. */
export const salesforceBulkJobs = protocols.define({
  name: 'salesforce.bulk',
  status: '/state',
  words: {
    Open: 'notStarted',
    UploadComplete: 'notStarted',
    InProgress: 'running',
    JobComplete: 'succeeded',
    Failed: 'failed',
    Aborted: 'canceled',
  },
  start: 'resource',
  locationHeaders: [],
  resultLocation: {suffix: '/successfulResults'},
  errorMessage: '/errorMessage',
  cancel: {method: 'PATCH', body: {state: 'Aborted'}},
});

/** Adobe PDF services, whose client has the header `x-api-key` too. */
export const adobePdfJobs = protocols.define({
  name: 'adobe.pdf',
  status: '/status',
  words: {'in progress': 'running', done: 'succeeded', failed: 'failed'},
  locationHeaders: ['location'],
  result: ['/asset/downloadUri', '/content/downloadUri'],
  resultLocation: [],
});

/** Vercel deployments of a team, here `team_1`. */
export const vercelDeployments = protocols.define({
  ...inBody,
  name: 'vercel.deployments',
  status: '/readyState',
  words: {
    QUEUED: 'notStarted',
    INITIALIZING: 'notStarted',
    BUILDING: 'running',
    READY: 'succeeded',
    ERROR: 'failed',
    CANCELED: 'canceled',
  },
  start: {template: '/v13/deployments/{/id}?teamId=team_1'},
  result: '/url',
  errorCode: '/errorCode',
  errorMessage: '/errorMessage',
  cancel: {method: 'PATCH', template: '/v12/deployments/{/id}/cancel?teamId=team_1'},
});

/** Apify runs. */
export const apifyRuns = protocols.define({
  ...inBody,
  name: 'apify.runs',
  status: '/data/status',
  words: {
    READY: 'notStarted',
    RUNNING: 'running',
    'TIMING-OUT': 'running',
    ABORTING: 'running',
    SUCCEEDED: 'succeeded',
    FAILED: 'failed',
    'TIMED-OUT': 'failed',
    ABORTED: 'canceled',
  },
  start: {template: '/actor-runs/{/data/id}?waitForFinish=60'},
  id: '/data/id',
  result: '/data/defaultDatasetId',
  errorCode: '/data/status',
  errorMessage: '/data/statusMessage',
  // It answers late on purpose.
  requestTimeout: 70_000,
  cancel: {method: 'POST', template: '/actor-runs/{/data/id}/abort'},
});

interface Task {
  readonly status: string;
  readonly code?: string;
  readonly message?: string;
}

const cloudConvertWords: Readonly<Record<string, OperationStatus>> = {
  waiting: 'notStarted',
  processing: 'running',
  finished: 'succeeded',
  error: 'failed',
};

/** CloudConvert jobs. The code is that of the first task with an error: a list by a field, which data cannot say. */
export const cloudconvertJobs = protocols.define({
  ...inBody,
  name: 'cloudconvert.jobs',
  start: '/data/links/self',
  id: '/data/id',
  read: ({httpStatus, body}) => {
    if (httpStatus >= 400) return undefined;
    const {data} = body as {readonly data: {readonly status: string; readonly tasks?: readonly Task[]}};
    const status = cloudConvertWords[data.status];
    if (status === undefined) return undefined;
    const error = data.tasks?.find((task) => task.status === 'error');
    return {status, rawStatus: data.status, result: data.tasks, error};
  },
  cancel: {method: 'DELETE'},
});

/** Jira tasks. The token is `btoa(`${user}:${apiToken}`)`. */
export const jiraTasks = protocols.define({
  ...inBody,
  name: 'jira.tasks',
  authorization: {header: 'Authorization', scheme: 'Basic'},
  status: '/status',
  words: {
    ENQUEUED: 'notStarted',
    RUNNING: 'running',
    CANCEL_REQUESTED: 'running',
    COMPLETE: 'succeeded',
    FAILED: 'failed',
    DEAD: 'failed',
    CANCELLED: 'canceled',
  },
  start: '/self',
  createdDateTime: '/submitted',
  lastActionDateTime: '/lastUpdate',
  percentComplete: '/progress',
  result: '/result',
  errorCode: '/status',
  errorMessage: '/message',
  cancel: {method: 'POST', suffix: '/cancel'},
});

/** DigitalOcean actions. */
export const digitaloceanActions = protocols.define({
  ...inBody,
  name: 'digitalocean.actions',
  status: '/action/status',
  words: {'in-progress': 'running', completed: 'succeeded', errored: 'failed'},
  start: {template: '/actions/{/action/id}'},
  id: '/action/id',
  result: '/action',
  errorCode: '/action/status',
});

/** Elasticsearch tasks. */
export const elasticsearchTasks = protocols.define({
  ...inBody,
  name: 'elasticsearch.tasks',
  authorization: {header: 'Authorization', scheme: 'ApiKey'},
  status: '/completed',
  words: {false: 'running', true: 'succeeded'},
  start: {template: '/_tasks/{/task}'},
  result: '/response',
  errorMeansFailed: true,
  errorCode: '/error/type',
  errorMessage: '/error/reason',
});

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** Kubernetes jobs. The end is the entry of a list whose type is one of two. */
export const kubernetesJobs = protocols.define({
  ...inBody,
  name: 'kubernetes.jobs',
  start: 'resource',
  id: '/metadata/name',
  read: ({httpStatus, body}) => {
    if (httpStatus >= 400) return undefined;
    const {status} = body as {readonly status?: {readonly conditions?: readonly Condition[]}};
    const isTrue = (type: string) => (entry: Condition) => entry.type === type && entry.status === 'True';
    const failed = status?.conditions?.find(isTrue('Failed'));
    if (failed !== undefined) {
      return {status: 'failed', error: {code: failed.reason, message: failed.message}};
    }
    return status?.conditions?.some(isTrue('Complete')) === true
      ? {status: 'succeeded', result: status}
      : {status: 'running'};
  },
  cancel: {method: 'DELETE'},
});

/** Azure Document Intelligence; Speech and Video Indexer are the same, with a place of their own for the result. */
export const azureDocuments = protocols.define({
  ...protocols.azure.statusMonitor,
  name: 'azure.documents',
  authorization: {header: 'Ocp-Apim-Subscription-Key'},
  result: '/analyzeResult',
});
