// The services of which the catalogue has no protocol: each is data, or a `read` where data ends. With the catalogue, they are
// all those of `docs/catalog.md`. The bodies are written after the documentation of each; none was recorded.

import {expect, test} from '@jest/globals';
import type {OperationStatus} from '../../src/index.ts';
import {protocols} from '../../src/index.ts';
import {services as inCatalog, key, type Service} from './answers.ts';
import {describeServices} from './start-service.ts';

const bearer = {authorization: `Bearer ${key}`};
const inBody = {locationHeaders: [], resultLocation: []} as const;

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

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

const services: Readonly<Record<string, Service>> = {
  'OpenAI responses': {
    protocol: protocols.define({
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
    }),
    root: '/v1',
    path: '/responses',
    started: {body: {id: 'resp_1', status: 'queued', created_at: 1_714_508_499}},
    polled: '/v1/responses/resp_1',
    running: {body: {id: 'resp_1', status: 'in_progress'}},
    succeeded: {body: {id: 'resp_1', status: 'completed', output: []}},
    result: {id: 'resp_1', status: 'completed', output: []},
    failed: {body: {id: 'resp_1', status: 'incomplete', incomplete_details: {reason: 'max_output_tokens'}}},
    error: {code: 'max_output_tokens'},
    headers: bearer,
    cancel: 'POST /v1/responses/resp_1/cancel',
  },
  'Databricks job runs': {
    protocol: protocols.define({
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
    }),
    root: '/api/2.1',
    path: '/jobs/runs/submit',
    started: {body: {run_id: 455_644_833}},
    polled: '/api/2.1/jobs/runs/get?run_id=455644833',
    running: {body: {run_id: 455_644_833, state: {life_cycle_state: 'RUNNING'}}},
    succeeded: {
      body: {run_id: 5, state: {life_cycle_state: 'TERMINATED', result_state: 'SUCCESS'}, run_page_url: 'https://a/#5'},
    },
    result: 'https://a/#5',
    failed: {
      body: {state: {life_cycle_state: 'TERMINATED', result_state: 'TIMEDOUT', state_message: 'It ran for an hour.'}},
    },
    error: {code: 'TIMEDOUT', message: 'It ran for an hour.'},
    headers: bearer,
  },
  BigQuery: {
    protocol: protocols.define({
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
    }),
    root: '/bigquery/v2',
    path: '/projects/p/jobs',
    started: {body: {id: 'p:US.job_1', selfLink: 'root/bigquery/v2/projects/p/jobs/job_1', status: {state: 'PENDING'}}},
    polled: '/bigquery/v2/projects/p/jobs/job_1',
    running: {body: {id: 'p:US.job_1', status: {state: 'RUNNING'}}},
    succeeded: {body: {id: 'p:US.job_1', status: {state: 'DONE'}, statistics: {totalBytesProcessed: '9'}}},
    result: {totalBytesProcessed: '9'},
    failed: {body: {status: {state: 'DONE', errorResult: {reason: 'invalidQuery', message: 'No such column.'}}}},
    error: {code: 'invalidQuery', message: 'No such column.'},
    headers: bearer,
    cancel: 'POST /bigquery/v2/projects/p/jobs/job_1/cancel',
  },
  'GitHub SARIF uploads': {
    protocol: protocols.define({
      ...inBody,
      name: 'github.sarif',
      status: '/processing_status',
      words: {pending: 'running', complete: 'succeeded', failed: 'failed'},
      start: '/url',
      pollHeaders: {'x-github-api-version': '2022-11-28'},
      requestHeaders: {'x-github-api-version': '2022-11-28'},
      result: '/analyses_url',
      error: '/errors/0',
    }),
    root: '',
    path: '/repos/o/r/code-scanning/sarifs',
    started: {http: 202, body: {id: '47177e22', url: 'root/repos/o/r/code-scanning/sarifs/47177e22'}},
    polled: '/repos/o/r/code-scanning/sarifs/47177e22',
    running: {body: {processing_status: 'pending'}},
    succeeded: {body: {processing_status: 'complete', analyses_url: 'https://a.example/analyses'}},
    result: 'https://a.example/analyses',
    failed: {body: {processing_status: 'failed', errors: ['rejecting SARIF, as there are more runs than allowed']}},
    error: {code: 'rejecting SARIF, as there are more runs than allowed'},
    headers: {...bearer, 'x-github-api-version': '2022-11-28'},
  },
  'GitHub workflow runs': {
    protocol: protocols.define({
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
    }),
    root: '',
    method: 'GET',
    path: '/repos/o/r/actions/runs/30433642',
    started: {body: {}},
    polled: '/repos/o/r/actions/runs/30433642',
    running: {body: {id: 30_433_642, status: 'in_progress', conclusion: null}},
    succeeded: {body: {id: 30_433_642, status: 'completed', conclusion: 'success', html_url: 'https://a.example/run'}},
    result: 'https://a.example/run',
    failed: {body: {id: 30_433_642, status: 'completed', conclusion: 'startup_failure'}},
    error: {code: 'startup_failure'},
    headers: bearer,
    cancel: 'POST /repos/o/r/actions/runs/30433642/cancel',
  },
  'Salesforce Bulk 2': {
    protocol: protocols.define({
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
    }),
    root: '/services/data/v62.0',
    path: '/jobs/ingest',
    started: {body: {id: '750R', state: 'Open'}},
    polled: '/services/data/v62.0/jobs/ingest/750R',
    running: {body: {id: '750R', state: 'InProgress'}},
    succeeded: {body: {id: '750R', state: 'JobComplete'}},
    fetched: ['/services/data/v62.0/jobs/ingest/750R/successfulResults', 'id,name\n1,a\n'],
    fetchResult: 'text',
    result: 'id,name\n1,a\n',
    failed: {body: {id: '750R', state: 'Failed', errorMessage: 'InvalidBatch : Field name not found : x'}},
    error: {message: 'InvalidBatch : Field name not found : x'},
    headers: bearer,
    cancel: 'PATCH /services/data/v62.0/jobs/ingest/750R',
  },
  'Adobe PDF services': {
    protocol: protocols.define({
      name: 'adobe.pdf',
      status: '/status',
      words: {'in progress': 'running', done: 'succeeded', failed: 'failed'},
      locationHeaders: ['location'],
      result: ['/asset/downloadUri', '/content/downloadUri'],
      resultLocation: [],
    }),
    root: '',
    path: '/operation/extractpdf',
    clientHeaders: {'x-api-key': 'a-client-id'},
    started: {http: 201, headers: {location: 'root/operation/extractpdf/1/status'}, body: {}},
    polled: '/operation/extractpdf/1/status',
    running: {body: {status: 'in progress'}},
    succeeded: {body: {status: 'done', content: {downloadUri: 'https://a.example/zip'}}},
    result: 'https://a.example/zip',
    failed: {body: {status: 'failed', error: {code: 'BAD_PDF', message: 'It is damaged.', status: 400}}},
    error: {code: 'BAD_PDF', message: 'It is damaged.'},
    headers: {...bearer, 'x-api-key': 'a-client-id'},
  },
  'Vercel deployments': {
    protocol: protocols.define({
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
    }),
    root: '',
    path: '/v13/deployments?teamId=team_1',
    started: {body: {id: 'dpl_1', readyState: 'QUEUED'}},
    polled: '/v13/deployments/dpl_1?teamId=team_1',
    running: {body: {id: 'dpl_1', readyState: 'BUILDING'}},
    succeeded: {body: {id: 'dpl_1', readyState: 'READY', url: 'a.vercel.app'}},
    result: 'a.vercel.app',
    failed: {body: {id: 'dpl_1', readyState: 'ERROR', errorCode: 'BUILD_FAILED', errorMessage: 'npm exited with 1'}},
    error: {code: 'BUILD_FAILED', message: 'npm exited with 1'},
    headers: bearer,
    cancel: 'PATCH /v12/deployments/dpl_1/cancel?teamId=team_1',
  },
  'Apify runs': {
    protocol: protocols.define({
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
    }),
    root: '/v2',
    path: '/acts/a/runs',
    started: {http: 201, body: {data: {id: 'run1', status: 'READY'}}},
    polled: '/v2/actor-runs/run1?waitForFinish=60',
    running: {body: {data: {id: 'run1', status: 'TIMING-OUT'}}},
    succeeded: {body: {data: {id: 'run1', status: 'SUCCEEDED', defaultDatasetId: 'set1'}}},
    result: 'set1',
    failed: {body: {data: {id: 'run1', status: 'TIMED-OUT', statusMessage: 'Actor timed out'}}},
    error: {code: 'TIMED-OUT', message: 'Actor timed out'},
    headers: bearer,
    cancel: 'POST /v2/actor-runs/run1/abort',
  },
  'CloudConvert jobs': {
    // The code is that of the first task with an error: a list by a field, which data cannot say.
    protocol: protocols.define({
      ...inBody,
      name: 'cloudconvert.jobs',
      start: '/data/links/self',
      id: '/data/id',
      read: ({body}) => {
        const {data} = body as {readonly data: {readonly status: string; readonly tasks?: readonly Task[]}};
        const status = cloudConvertWords[data.status];
        if (status === undefined) return undefined;
        const error = data.tasks?.find((task) => task.status === 'error');
        return {status, rawStatus: data.status, result: data.tasks, error};
      },
      cancel: {method: 'DELETE'},
    }),
    root: '/v2',
    path: '/jobs',
    started: {body: {data: {id: 'job1', status: 'waiting', links: {self: 'root/v2/jobs/job1'}}}},
    polled: '/v2/jobs/job1',
    running: {body: {data: {id: 'job1', status: 'processing'}}},
    succeeded: {body: {data: {id: 'job1', status: 'finished', tasks: [{status: 'finished'}]}}},
    result: [{status: 'finished'}],
    failed: {
      body: {
        data: {
          status: 'error',
          tasks: [{status: 'finished'}, {status: 'error', code: 'INVALID_URL', message: 'Not found'}],
        },
      },
    },
    error: {code: 'INVALID_URL', message: 'Not found'},
    headers: bearer,
    cancel: 'DELETE /v2/jobs/job1',
  },
  'Jira tasks': {
    protocol: protocols.define({
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
    }),
    root: '/rest/api/3',
    path: '/workflowscheme/project/switch',
    started: {http: 201, body: {id: '1', self: 'root/rest/api/3/task/1', status: 'ENQUEUED'}},
    polled: '/rest/api/3/task/1',
    running: {body: {id: '1', status: 'RUNNING', progress: 50, submitted: 1_501_708_132_800}},
    succeeded: {body: {id: '1', status: 'COMPLETE', result: 'Done', progress: 100}},
    result: 'Done',
    failed: {body: {id: '1', status: 'DEAD', message: 'The node is gone.', submitted: 1_501_708_132_800}},
    error: {code: 'DEAD', message: 'The node is gone.'},
    headers: {authorization: `Basic ${key}`},
    cancel: 'POST /rest/api/3/task/1/cancel',
  },
  'DigitalOcean actions': {
    protocol: protocols.define({
      ...inBody,
      name: 'digitalocean.actions',
      status: '/action/status',
      words: {'in-progress': 'running', completed: 'succeeded', errored: 'failed'},
      start: {template: '/actions/{/action/id}'},
      id: '/action/id',
      result: '/action',
      errorCode: '/action/status',
    }),
    root: '/v2',
    path: '/droplets/1/actions',
    started: {http: 201, body: {action: {id: 36_804_636, status: 'in-progress'}}},
    polled: '/v2/actions/36804636',
    running: {body: {action: {id: 36_804_636, status: 'in-progress'}}},
    succeeded: {body: {action: {id: 36_804_636, status: 'completed'}}},
    result: {id: 36_804_636, status: 'completed'},
    failed: {body: {action: {id: 36_804_636, status: 'errored'}}},
    error: {code: 'errored'},
    headers: bearer,
  },
  'Elasticsearch tasks': {
    protocol: protocols.define({
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
    }),
    root: '',
    path: '/_reindex?wait_for_completion=false',
    started: {body: {task: 'oTUltX4IQMOUUVeiohTt8A:12345'}},
    polled: '/_tasks/oTUltX4IQMOUUVeiohTt8A%3A12345',
    running: {body: {completed: false, task: {id: 12_345}}},
    succeeded: {body: {completed: true, response: {created: 120}}},
    result: {created: 120},
    failed: {body: {completed: true, error: {type: 'search_phase_execution_exception', reason: 'all shards failed'}}},
    error: {code: 'search_phase_execution_exception', message: 'all shards failed'},
    headers: {authorization: `ApiKey ${key}`},
  },
  'Kubernetes jobs': {
    // The end is the entry of a list whose type is one of two.
    protocol: protocols.define({
      ...inBody,
      name: 'kubernetes.jobs',
      start: 'resource',
      id: '/metadata/name',
      read: ({body}) => {
        const {status} = body as {readonly status?: {readonly conditions?: readonly Condition[]}};
        const isTrue = (type: string) => (entry: Condition) => entry.type === type && entry.status === 'True';
        const failed = status?.conditions?.find(isTrue('Failed'));
        if (failed !== undefined) {
          return {status: 'failed', error: {code: failed.reason ?? '', message: failed.message ?? ''}};
        }
        return status?.conditions?.some(isTrue('Complete')) === true
          ? {status: 'succeeded', result: status}
          : {status: 'running'};
      },
      cancel: {method: 'DELETE'},
    }),
    root: '/apis/batch/v1/namespaces/default',
    path: '/jobs',
    started: {http: 201, body: {metadata: {name: 'pi'}, status: {}}},
    polled: '/apis/batch/v1/namespaces/default/jobs/pi',
    running: {body: {metadata: {name: 'pi'}, status: {conditions: [{type: 'Suspended', status: 'True'}]}}},
    succeeded: {body: {metadata: {name: 'pi'}, status: {conditions: [{type: 'Complete', status: 'True'}]}}},
    result: {conditions: [{type: 'Complete', status: 'True'}]},
    failed: {
      body: {
        metadata: {name: 'pi'},
        status: {
          conditions: [
            {type: 'Complete', status: 'False'},
            {type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'Job has reached the limit'},
          ],
        },
      },
    },
    error: {code: 'BackoffLimitExceeded', message: 'Job has reached the limit'},
    headers: bearer,
    cancel: 'DELETE /apis/batch/v1/namespaces/default/jobs/pi',
  },
  'Azure Document Intelligence': {
    protocol: protocols.define({
      ...protocols.azure.statusMonitor,
      name: 'azure.documents',
      authorization: {header: 'Ocp-Apim-Subscription-Key'},
      result: '/analyzeResult',
    }),
    root: '/documentintelligence',
    path: '/documentModels/prebuilt-read:analyze?api-version=2024-11-30',
    started: {http: 202, headers: {'operation-location': 'root/documentintelligence/analyzeResults/1'}, body: null},
    polled: '/documentintelligence/analyzeResults/1',
    running: {body: {status: 'running', createdDateTime: '2026-11-27T09:00:00Z'}},
    succeeded: {body: {status: 'succeeded', analyzeResult: {pages: []}}},
    result: {pages: []},
    failed: {
      body: {status: 'failed', error: {code: 'InvalidRequest', message: 'x', innererror: {code: 'InvalidContent'}}},
    },
    error: {code: 'InvalidContent'},
    headers: {'ocp-apim-subscription-key': key},
  },
};

describeServices(services);

test('with the catalogue, they are 25', () => {
  expect(Object.keys(services).length + Object.keys(inCatalog).length).toBe(25);
});
