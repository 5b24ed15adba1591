import * as catalog from '../../src/catalog/index.ts';
import type {Protocol} from '../../src/protocol/protocol.ts';

/** How a service of the catalogue answers. The bodies are written after its documentation; none was recorded. */
export interface Service {
  readonly protocol: Protocol;
  /** The path of the client's root, and of the start below it. */
  readonly root: string;
  readonly path: string;
  /** The method of the start. Default POST. */
  readonly method?: 'POST' | 'GET';
  /** What a client of the service sends of its own. */
  readonly clientHeaders?: Readonly<Record<string, string>>;
  /** Default true. */
  readonly fetchResult?: true | 'text';
  readonly started: Answer;
  /** Where it is polled. */
  readonly polled: string;
  readonly running: Answer;
  readonly succeeded: Answer;
  readonly result: unknown;
  readonly failed: Answer;
  readonly error: unknown;
  /** What each request carries. */
  readonly headers: Readonly<Record<string, string>>;
  /** The request that cancels. */
  readonly cancel?: string;
  /** A result of its own, by its path. */
  readonly fetched?: readonly [path: string, body: unknown];
}

/** A response; `root` in it stands for the server. */
export interface Answer {
  readonly http?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The key of the tests. */
export const key = 'catalogue-key-0123456789';

const bearer = {authorization: `Bearer ${key}`};

/** All services of the catalogue, by the names of their protocols. */
export const services: Readonly<Record<keyof typeof catalog, Service>> = {
  openaiBatches: {
    protocol: catalog.openaiBatches,
    root: '/v1',
    path: '/batches',
    started: {
      body: {id: 'batch_1', object: 'batch', status: 'validating', created_at: 1_714_508_499, output_file_id: null},
    },
    polled: '/v1/batches/batch_1',
    running: {body: {id: 'batch_1', status: 'finalizing', created_at: 1_714_508_499, output_file_id: null}},
    succeeded: {body: {id: 'batch_1', status: 'completed', created_at: 1_714_508_499, output_file_id: 'file-9'}},
    result: 'file-9',
    failed: {
      body: {
        id: 'batch_1',
        status: 'failed',
        errors: {
          object: 'list',
          data: [{code: 'invalid_json_line', message: 'Line 3 is no JSON.', line: 3, param: null}],
        },
      },
    },
    error: {code: 'invalid_json_line', message: 'Line 3 is no JSON.'},
    headers: bearer,
    cancel: 'POST /v1/batches/batch_1/cancel',
  },
  anthropicBatches: {
    protocol: catalog.anthropicBatches,
    root: '/v1',
    path: '/messages/batches',
    started: {body: {id: 'msgbatch_1', type: 'message_batch', processing_status: 'in_progress', results_url: null}},
    polled: '/v1/messages/batches/msgbatch_1',
    running: {body: {id: 'msgbatch_1', processing_status: 'canceling', results_url: null}},
    succeeded: {
      body: {
        id: 'msgbatch_1',
        processing_status: 'ended',
        created_at: '2026-11-27T06:00:00Z',
        ended_at: '2026-11-27T07:00:00Z',
        request_counts: {processing: 0, succeeded: 9, errored: 1, canceled: 0, expired: 0},
        results_url: 'https://api.anthropic.com/v1/messages/batches/msgbatch_1/results',
      },
    },
    result: 'https://api.anthropic.com/v1/messages/batches/msgbatch_1/results',
    failed: {
      body: {
        id: 'msgbatch_1',
        processing_status: 'ended',
        request_counts: {processing: 0, succeeded: 0, errored: 10, canceled: 0, expired: 0},
      },
    },
    error: {code: 'errored'},
    headers: {'x-api-key': key, 'anthropic-version': '2026-10-21'},
    cancel: 'POST /v1/messages/batches/msgbatch_1/cancel',
  },
  replicatePredictions: {
    protocol: catalog.replicatePredictions,
    root: '/v1',
    path: '/predictions',
    started: {
      http: 201,
      body: {
        id: 'p1',
        status: 'starting',
        urls: {get: 'root/v1/predictions/p1', cancel: 'root/v1/predictions/p1/cancel'},
      },
    },
    polled: '/v1/predictions/p1',
    running: {body: {id: 'p1', status: 'processing', urls: {cancel: 'root/v1/predictions/p1/cancel'}}},
    succeeded: {body: {id: 'p1', status: 'succeeded', output: ['https://replicate.delivery/a.png'], error: null}},
    result: ['https://replicate.delivery/a.png'],
    failed: {body: {id: 'p1', status: 'failed', output: null, error: 'CUDA out of memory'}},
    error: {code: 'CUDA out of memory'},
    headers: bearer,
    cancel: 'POST /v1/predictions/p1/cancel',
  },
  falQueue: {
    protocol: catalog.falQueue,
    root: '',
    path: '/fal-ai/fast-sdxl',
    started: {
      body: {
        request_id: 'r1',
        response_url: 'root/fal-ai/fast-sdxl/requests/r1',
        status_url: 'root/fal-ai/fast-sdxl/requests/r1/status',
        cancel_url: 'root/fal-ai/fast-sdxl/requests/r1/cancel',
      },
    },
    polled: '/fal-ai/fast-sdxl/requests/r1/status',
    running: {
      http: 202,
      body: {request_id: 'r1', status: 'IN_PROGRESS', logs: [], cancel_url: 'root/fal-ai/fast-sdxl/requests/r1/cancel'},
    },
    succeeded: {
      body: {request_id: 'r1', status: 'COMPLETED', logs: [], response_url: 'root/fal-ai/fast-sdxl/requests/r1'},
    },
    fetched: ['/fal-ai/fast-sdxl/requests/r1', {images: [{url: 'https://fal.media/a.png'}]}],
    result: {images: [{url: 'https://fal.media/a.png'}]},
    failed: {
      body: {request_id: 'r1', status: 'COMPLETED', error: 'The runner is gone', error_type: 'runner_disconnected'},
    },
    error: {code: 'runner_disconnected', message: 'The runner is gone'},
    headers: {authorization: `Key ${key}`},
    cancel: 'PUT /fal-ai/fast-sdxl/requests/r1/cancel',
  },
  runwayTasks: {
    protocol: catalog.runwayTasks,
    root: '',
    path: '/v1/image_to_video',
    started: {body: {id: '17f20503-6c24-4c16-946b-35dbbce2af2f'}},
    polled: '/v1/tasks/17f20503-6c24-4c16-946b-35dbbce2af2f',
    running: {body: {id: '17f20503-6c24-4c16-946b-35dbbce2af2f', status: 'RUNNING', progress: 0.4}},
    succeeded: {
      body: {id: '17f20503-6c24-4c16-946b-35dbbce2af2f', status: 'SUCCEEDED', output: ['https://a.example/1']},
    },
    result: ['https://a.example/1'],
    failed: {body: {id: 'x', status: 'FAILED', failure: 'Not safe.', failureCode: 'SAFETY.INPUT.TEXT'}},
    error: {code: 'SAFETY.INPUT.TEXT', message: 'Not safe.'},
    headers: {...bearer, 'x-runway-version': '2024-11-06'},
    cancel: 'DELETE /v1/tasks/17f20503-6c24-4c16-946b-35dbbce2af2f',
  },
  assemblyaiTranscripts: {
    protocol: catalog.assemblyaiTranscripts,
    root: '/v2',
    path: '/transcript',
    started: {body: {id: 't1', status: 'queued', text: null}},
    polled: '/v2/transcript/t1',
    running: {body: {id: 't1', status: 'processing', text: null}},
    succeeded: {body: {id: 't1', status: 'completed', text: 'Hello'}},
    result: {id: 't1', status: 'completed', text: 'Hello'},
    failed: {body: {id: 't1', status: 'error', error: 'Download error'}},
    error: {code: 'Download error'},
    headers: {authorization: key},
  },
  runpodJobs: {
    protocol: catalog.runpodJobs,
    root: '/v2',
    path: '/endpoint/run',
    started: {body: {id: 'eaebd6e7-6a92-4bb8-a911-f996ac5ea99d', status: 'IN_QUEUE'}},
    polled: '/v2/endpoint/status/eaebd6e7-6a92-4bb8-a911-f996ac5ea99d',
    running: {body: {id: 'eaebd6e7-6a92-4bb8-a911-f996ac5ea99d', status: 'IN_PROGRESS', delayTime: 2624}},
    succeeded: {body: {id: 'eaebd6e7-6a92-4bb8-a911-f996ac5ea99d', status: 'COMPLETED', output: {text: 'Hello'}}},
    result: {text: 'Hello'},
    failed: {body: {id: 'eaebd6e7-6a92-4bb8-a911-f996ac5ea99d', status: 'FAILED', error: 'The handler threw'}},
    error: {code: 'The handler threw'},
    headers: bearer,
    cancel: 'POST /v2/endpoint/cancel/eaebd6e7-6a92-4bb8-a911-f996ac5ea99d',
  },
  databricksStatements: {
    protocol: catalog.databricksStatements,
    root: '/api/2.0',
    path: '/sql/statements',
    started: {body: {statement_id: 's1', status: {state: 'PENDING'}}},
    polled: '/api/2.0/sql/statements/s1',
    running: {body: {statement_id: 's1', status: {state: 'RUNNING'}}},
    succeeded: {body: {statement_id: 's1', status: {state: 'SUCCEEDED'}, result: {data_array: [['1']]}}},
    result: {data_array: [['1']]},
    failed: {
      body: {
        statement_id: 's1',
        status: {state: 'FAILED', error: {error_code: 'BAD_REQUEST', message: 'No such table'}},
      },
    },
    error: {code: 'BAD_REQUEST', message: 'No such table'},
    headers: bearer,
    cancel: 'POST /api/2.0/sql/statements/s1/cancel',
  },
  snowflakeStatements: {
    protocol: catalog.snowflakeStatements,
    root: '',
    path: '/api/v2/statements',
    started: {
      http: 202,
      body: {code: '333334', statementHandle: 'h1', statementStatusUrl: '/api/v2/statements/h1?requestId=q1'},
    },
    polled: '/api/v2/statements/h1?requestId=q1',
    running: {
      http: 202,
      body: {code: '333334', statementHandle: 'h1', statementStatusUrl: '/api/v2/statements/h1?requestId=q1'},
    },
    succeeded: {body: {code: '090001', statementHandle: 'h1', data: [['1']]}},
    result: {code: '090001', statementHandle: 'h1', data: [['1']]},
    failed: {
      http: 422,
      body: {code: '002140', message: 'SQL compilation error', sqlState: '42601', statementHandle: 'h1'},
    },
    error: {code: '002140', message: 'SQL compilation error'},
    headers: bearer,
    cancel: 'POST /api/v2/statements/h1/cancel',
  },
  stripeReportRuns: {
    protocol: catalog.stripeReportRuns,
    root: '/v1',
    path: '/reporting/report_runs',
    started: {
      body: {id: 'frr_1', object: 'reporting.report_run', status: 'pending', created: 1_525_065_860, error: null},
    },
    polled: '/v1/reporting/report_runs/frr_1',
    running: {body: {id: 'frr_1', status: 'pending', created: 1_525_065_860, error: null}},
    succeeded: {body: {id: 'frr_1', status: 'succeeded', created: 1_525_065_860, error: null, result: {id: 'file_1'}}},
    result: {id: 'file_1'},
    failed: {body: {id: 'frr_1', status: 'failed', created: 1_525_065_860, error: 'No balance'}},
    error: {code: 'No balance'},
    headers: bearer,
  },
};
