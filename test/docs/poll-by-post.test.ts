// The example of docs/catalog.md, over real HTTP. The bodies are written after @aws-sdk/client-textract 3.1169.0.

import {expect, test} from '@jest/globals';
import {createTextractClient, textDetections} from '../../docs/examples/poll-by-post.ts';
import {OperationFailedError} from '../../src/index.ts';
import {failure, quick, startServer} from '../support/behaviours.ts';

test('a service that is asked by POST, with signed requests', async () => {
  const asked: string[] = [];
  const throttled = {__type: 'ThrottlingException', message: 'Rate exceeded'};
  const answers: (readonly [http: number, body: object])[] = [
    [200, {JobId: 'j 1'}],
    [200, {JobStatus: 'IN_PROGRESS'}],
    [400, throttled],
    [200, {JobStatus: 'FAILED', StatusMessage: 'UNSUPPORTED_DOCUMENT'}],
  ];
  const {root} = await startServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      const {authorization, 'x-amz-target': target, 'content-type': type} = request.headers;
      asked.push(`${request.method} ${request.url} ${target} ${type} ${authorization} ${text}`);
      const [http, body] = answers.shift() ?? [500, {}];
      response.writeHead(http, {'content-type': 'application/x-amz-json-1.1'}).end(JSON.stringify(body));
    });
  });
  const client = createTextractClient(root, async (request) => {
    request.headers.set('authorization', 'signed');
    return request;
  });
  const request = {path: '/StartDocumentTextDetection', body: {DocumentLocation: {}}};
  const {poller} = await client.start(textDetections, request, {schedule: quick.schedule, retry: quick.retry});
  const throttles: (string | undefined)[] = [];
  poller?.on('retrying', ({error}) => throttles.push(error.throttled ? error.code : undefined));
  const {operation} = await failure(poller?.result() ?? Promise.resolve(), OperationFailedError);
  expect(operation).toMatchObject({status: 'failed', error: {message: 'UNSUPPORTED_DOCUMENT'}});
  expect(throttles).toEqual(['ThrottlingException']);
  const form = 'application/x-amz-json-1.1 signed';
  const poll = `POST / Textract.GetDocumentTextDetection ${form} {"JobId":"j 1"}`;
  expect(asked).toEqual([
    `POST / Textract.StartDocumentTextDetection ${form} {"DocumentLocation":{}}`,
    poll,
    poll,
    poll,
  ]);
  expect(poller?.location).toBe(`${root}/GetDocumentTextDetection?JobId=j%201`);
});
