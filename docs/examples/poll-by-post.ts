// A service that is asked by POST, with signed requests, as most of AWS is: for docs/catalog.md.
import ky from 'ky';
import {protocols} from 'operation-poller';
import {createOperationClient, type OperationClient} from 'operation-poller/client';

/** Amazon Textract. The URL of a job, which only our `fetch` sees, says what to ask for. */
export const textDetections = protocols.define({
  name: 'textDetections',
  status: '/JobStatus',
  words: {IN_PROGRESS: 'running', SUCCEEDED: 'succeeded', PARTIAL_SUCCESS: 'succeeded', FAILED: 'failed'},
  start: {template: '/GetDocumentTextDetection?JobId={/JobId}'},
  result: '',
  errorCode: '/__type',
  errorMessage: ['/StatusMessage', '/message'],
  throttlingCodes: ['ThrottlingException', 'ProvisionedThroughputExceededException'],
});

/** @param sign adds the signature, e.g. with `@smithy/signature-v4` */
export function createTextractClient(root: string, sign: (request: Request) => Promise<Request>): OperationClient {
  const http = ky.create({
    async fetch(input, init) {
      const request = new Request(input, init);
      const {method, redirect, signal} = request;
      const {origin, pathname, searchParams} = new URL(request.url);
      if (origin !== new URL(root).origin) return fetch(request); // unsigned
      const body = method === 'GET' ? JSON.stringify(Object.fromEntries(searchParams)) : await request.text();
      const headers = {'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `Textract.${pathname.slice(1)}`};
      return fetch(await sign(new Request(origin, {method: 'POST', headers, body, redirect, signal})));
    },
  });
  return createOperationClient({root, http});
}
