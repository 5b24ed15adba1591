// How services word a request that they refuse. Each does it in its own way, and none as Graph does. The bodies are those of the
// sources, looked up on 2026-11-28; none was recorded.

import {describe, expect, test} from '@jest/globals';
import {createOperationClient} from '../../src/client/index.ts';
import {ForbiddenError, OperationNotStartedError, type Protocol, pollOperation, protocols} from '../../src/index.ts';
import {failure, quick, startServer} from '../support/behaviours.ts';
import {key} from './answers.ts';

interface Refusal {
  readonly source: string;
  /** Where the protocol has the parts of an error. Default: it says nothing. */
  readonly fields?: Pick<Protocol, 'error' | 'errorCode' | 'errorMessage'>;
  readonly body: unknown;
  readonly code?: string;
  readonly message?: string;
}

const listed = {errorCode: '/errors/0/code', errorMessage: ['/errors/0/detail', '/errors/0/message']} as const;

const refusals: Readonly<Record<string, Refusal>> = {
  'Amazon Selling Partner': {
    source: 'https://github.com/amzn/selling-partner-api-models/issues/1713',
    fields: listed,
    body: {errors: [{message: 'Access to requested resource is denied.', code: 'Unauthorized', details: ''}]},
    code: 'Unauthorized',
    message: 'Access to requested resource is denied.',
  },
  CircleCI: {
    source: 'circle-client 0.2.4, ErrorResponse',
    body: {message: 'Pipeline not found'},
    message: 'Pipeline not found',
  },
  Cloudflare: {
    source: 'the package cloudflare, ResponseInfo',
    fields: listed,
    body: {success: false, errors: [{code: 10_003, message: 'Not Found'}], messages: [], result: null},
    code: '10003',
    message: 'Not Found',
  },
  Heroku: {
    source: 'https://github.com/markbates/goth/pull/340',
    fields: {errorMessage: ['/message', '/error']},
    body: {id: 'missing_version', error: 'Please specify a version along with Heroku’s API MIME type.'},
    message: 'Please specify a version along with Heroku’s API MIME type.',
  },
  HubSpot: {
    source: 'https://developers.hubspot.com/docs/api-reference/latest/crm/exports/get-export-status',
    fields: {errorCode: ['/errors/0/category', '/category'], errorMessage: ['/errors/0/message', '/message']},
    body: {status: 'error', message: 'No such export', category: 'OBJECT_NOT_FOUND', correlationId: 'c'},
    code: 'OBJECT_NOT_FOUND',
    message: 'No such export',
  },
  Klaviyo: {
    source: 'https://jsonapi.org/format/#errors',
    fields: listed,
    body: {errors: [{id: 'x', status: 404, code: 'not_found', title: 'Not found.', detail: 'There is no such job.'}]},
    code: 'not_found',
    message: 'There is no such job.',
  },
  Mistral: {
    source: '@mistralai/mistralai 2.7.0, HTTPValidationError: as FastAPI words it',
    // The deeper place first: of others, `detail` is the text itself.
    fields: {errorMessage: ['/errors/0/message', '/detail/0/msg', '/detail']},
    body: {detail: [{loc: ['body', 'model'], msg: 'Field required', type: 'missing'}]},
    message: 'Field required',
  },
  'Salesforce Bulk': {
    source: 'https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm',
    fields: {errorCode: '/0/errorCode', errorMessage: ['/errorMessage', '/0/message']},
    body: [{errorCode: 'NOT_FOUND', message: 'The requested resource does not exist'}],
    code: 'NOT_FOUND',
    message: 'The requested resource does not exist',
  },
  Transloadit: {
    source: 'https://transloadit.com/docs/api/response-codes.md',
    body: {error: 'ASSEMBLY_NOT_FOUND', message: 'There is no such assembly.'},
    code: 'ASSEMBLY_NOT_FOUND',
    message: 'There is no such assembly.',
  },
  Twilio: {
    source: 'the package twilio 6.3.1, RestException',
    body: {code: 20_404, message: 'The requested resource was not found', more_info: 'https://a.example', status: 404},
    code: '20404',
    message: 'The requested resource was not found',
  },
  Zendesk: {
    source: 'https://github.com/zendesk/zendesk_api_client_rb/issues/151',
    fields: {errorMessage: ['/job_status/message', '/description']},
    body: {error: 'RecordNotFound', description: 'Not found'},
    code: 'RecordNotFound',
    message: 'Not found',
  },
};

describe.each(Object.entries(refusals))('%s refuses', (_, {fields, body, code, message}) => {
  const protocol = protocols.define({name: 'refused', status: '/state', words: {done: 'succeeded'}, ...fields});
  const why = [code, message].filter((part) => part !== undefined).join(', ');
  const serve = () =>
    startServer((_request, response) => {
      response.writeHead(403, {'content-type': 'application/json'});
      response.end(JSON.stringify(body));
    });

  test('a start', async () => {
    const {root} = await serve();
    const client = createOperationClient({root, token: key});
    const error = await failure(client.start(protocol, {path: '/jobs'}), OperationNotStartedError);
    expect(error.message).toBe(`The operation was not started: POST ${root}/jobs answered 403: ${why}`);
    expect(error.cause).toMatchObject({code});
  });

  test('a poll', async () => {
    const {root} = await serve();
    const error = await failure(pollOperation(`${root}/jobs/1`, {...quick, protocol}).result(), ForbiddenError);
    expect(error.cause).toMatchObject({code, message: `GET ${root}/jobs/1 answered 403: ${why}`});
  });
});
