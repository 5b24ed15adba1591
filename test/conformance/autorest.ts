import type {Expected, Method, Scenario} from './scenario.ts';

const done: Expected = {status: 'succeeded'};
const failed: Expected = {status: 'failed'};
const canceled: Expected = {status: 'canceled'};
const error: Expected = {status: 'error'};

const foo = succeeded({id: '100', name: 'foo'});
// The server gives it a path for an id.
const patched = succeeded({name: 'foo'});
const id = succeeded({id: '100'});
const subresource = succeeded({id: '100', subresource: 'sub1'});
const sku = succeeded({name: 'sku', id: '100'});
const product = succeeded({id: '1', name: 'product'});
const list = succeeded([{id: '100', name: 'foo'}]);
// Of the three resources that the server has on the way, the one at `Location`.
const final = succeeded({name: '202', type: 'AsyncAndLocationHeader/Operationresults/finalResults'});
const text = succeeded('success');
const page = succeeded({values: [{properties: {id: 1, name: 'Product'}}]});

// Azure's client for Go does the same and ends with the same resource, whatever the HTTP status: its pollers of
// `Azure-AsyncOperation` and of `Location` begin with the `provisioningState` of the response to the start. See `New` in
// https://github.com/Azure/azure-sdk-for-go/blob/main/sdk/azcore/internal/pollers/async/async.go and in loc/loc.go beside it.
// With 200, in /lro/patch/200/succeeded/ignoreheaders, the server wants just that; core-lro asks the header in both.
const deviation = 'a final provisioningState ends the operation beside a header too, and its resource is the result';

const headers = {'x-ms-client-request-id': '9C4D50EE-2D56-4CD3-8152-34347DC9F2B0'};

/**
 * The long-running operations of [Azure's autorest test server](https://github.com/Azure/autorest.testserver), in the order of
 * its `lro.json`, `lro-parameterized-endpoints.json` and `paging.json`. What is expected is what these say of the operation, and
 * the resource that the server has at its end.
 */
export const autorest: readonly Scenario[] = [
  // LROs: a service that keeps to the protocol.
  operation('PUT', '/lro/put/200/succeeded', foo),
  operation('PATCH', '/lro/patch/200/succeeded/ignoreheaders', foo),
  operation('PATCH', '/lro/patch/201/retry/onlyAsyncHeader', patched),
  operation('PATCH', '/lro/patch/202/retry/asyncAndLocationHeader', final, {deviation}),
  operation('PUT', '/lro/put/201/succeeded', foo),
  operation('POST', '/lro/list', list),
  operation('PUT', '/lro/put/200/succeeded/nostate', foo),
  operation('PUT', '/lro/put/202/retry/200', foo),
  operation('PUT', '/lro/put/201/creating/succeeded/200', foo),
  operation('PUT', '/lro/put/200/updating/succeeded/200', foo),
  operation('PUT', '/lro/put/201/created/failed/200', failed),
  operation('PUT', '/lro/put/200/accepted/canceled/200', canceled),
  operation('PUT', '/lro/put/noheader/202/200', foo),
  operation('PUT', '/lro/putasync/retry/succeeded', foo),
  operation('PUT', '/lro/putasync/noretry/succeeded', foo),
  operation('PUT', '/lro/putasync/retry/failed', failed),
  operation('PUT', '/lro/putasync/noretry/canceled', canceled),
  operation('PUT', '/lro/putasync/noheader/201/200', foo),
  operation('PUT', '/lro/putnonresource/202/200', sku),
  operation('PUT', '/lro/putnonresourceasync/202/200', sku),
  operation('PUT', '/lro/putsubresource/202/200', subresource),
  operation('PUT', '/lro/putsubresourceasync/202/200', subresource),
  operation('DELETE', '/lro/delete/provisioning/202/accepted/200/succeeded', foo),
  operation('DELETE', '/lro/delete/provisioning/202/deleting/200/failed', failed),
  operation('DELETE', '/lro/delete/provisioning/202/deleting/200/canceled', canceled),
  operation('DELETE', '/lro/delete/204/succeeded', done),
  operation('DELETE', '/lro/delete/202/retry/200', done),
  operation('DELETE', '/lro/delete/202/noretry/204', done),
  operation('DELETE', '/lro/delete/noheader', done),
  operation('DELETE', '/lro/deleteasync/noheader/202/204', done),
  operation('DELETE', '/lro/deleteasync/retry/succeeded', done),
  operation('DELETE', '/lro/deleteasync/noretry/succeeded', done),
  operation('DELETE', '/lro/deleteasync/retry/failed', failed),
  operation('DELETE', '/lro/deleteasync/retry/canceled', canceled),
  operation('POST', '/lro/post/payload/200', product),
  operation('POST', '/lro/post/202/retry/200', foo),
  operation('POST', '/lro/post/202/noretry/204', done),
  operation('POST', '/lro/LROPostDoubleHeadersFinalLocationGet', foo, {finalStateVia: 'location'}),
  operation('POST', '/lro/LROPostDoubleHeadersFinalAzureHeaderGet', id, {finalStateVia: 'azure-async-operation'}),
  operation('POST', '/lro/LROPostDoubleHeadersFinalAzureHeaderGetDefault', foo),
  operation('POST', '/lro/postasync/retry/succeeded', foo),
  operation('POST', '/lro/postasync/noretry/succeeded', foo),
  operation('POST', '/lro/postasync/retry/failed', failed),
  operation('POST', '/lro/postasync/retry/canceled', canceled),
  // LRORetrys: the first answer to each request is 500.
  operation('PUT', '/lro/retryerror/put/201/creating/succeeded/200', foo),
  operation('PUT', '/lro/retryerror/putasync/retry/succeeded', foo),
  operation('DELETE', '/lro/retryerror/delete/provisioning/202/accepted/200/succeeded', foo),
  operation('DELETE', '/lro/retryerror/delete/202/retry/200', done),
  operation('DELETE', '/lro/retryerror/deleteasync/retry/succeeded', done),
  operation('POST', '/lro/retryerror/post/202/retry/200', foo),
  operation('POST', '/lro/retryerror/postasync/retry/succeeded', sku),
  // LROSADs: a service that refuses, or breaks the protocol.
  operation('PUT', '/lro/nonretryerror/put/400', error),
  operation('PUT', '/lro/nonretryerror/put/201/creating/400', error),
  operation('PUT', '/lro/nonretryerror/put/201/creating/400/invalidjson', error),
  operation('PUT', '/lro/nonretryerror/putasync/retry/400', error),
  operation('DELETE', '/lro/nonretryerror/delete/400', error),
  operation('DELETE', '/lro/nonretryerror/delete/202/retry/400', error),
  operation('DELETE', '/lro/nonretryerror/deleteasync/retry/400', error),
  operation('POST', '/lro/nonretryerror/post/400', error),
  operation('POST', '/lro/nonretryerror/post/202/retry/400', error),
  operation('POST', '/lro/nonretryerror/postasync/retry/400', error),
  operation('PUT', '/lro/error/put/201/noprovisioningstatepayload', error),
  operation('PUT', '/lro/error/putasync/retry/nostatus', error),
  operation('PUT', '/lro/error/putasync/retry/nostatuspayload', error),
  operation('DELETE', '/lro/error/delete/204/nolocation', done),
  operation('DELETE', '/lro/error/deleteasync/retry/nostatus', error),
  operation('POST', '/lro/error/post/202/nolocation', error),
  operation('POST', '/lro/error/postasync/retry/nopayload', error),
  operation('PUT', '/lro/error/put/200/invalidjson', error),
  operation('PUT', '/lro/error/putasync/retry/invalidheader', error),
  operation('PUT', '/lro/error/putasync/retry/invalidjsonpolling', error),
  operation('DELETE', '/lro/error/delete/202/retry/invalidheader', error),
  operation('DELETE', '/lro/error/deleteasync/retry/invalidheader', error),
  operation('DELETE', '/lro/error/deleteasync/retry/invalidjsonpolling', error),
  operation('POST', '/lro/error/post/202/retry/invalidheader', error),
  operation('POST', '/lro/error/postasync/retry/invalidheader', error),
  operation('POST', '/lro/error/postasync/retry/invalidjsonpolling', error),
  // LROsCustomHeader: no request is answered without the header.
  operation('PUT', '/lro/customheader/putasync/retry/succeeded', foo, {headers}),
  operation('PUT', '/lro/customheader/put/201/creating/succeeded/200', foo, {headers}),
  operation('POST', '/lro/customheader/post/202/retry/200', done, {headers}),
  operation('POST', '/lro/customheader/postasync/retry/succeeded', done, {headers}),
  // lro-parameterized-endpoints.json: a location without an origin.
  operation('POST', '/lroParameterizedEndpoints', text, {finalStateVia: 'location'}),
  operation('POST', '/lroConstantParameterizedEndpoints/iAmConstant', text),
  // paging.json: pages, the first of them by an operation.
  operation('POST', '/paging/multiple/lro', page),
];

function operation(
  method: Method,
  path: string,
  expected: Expected,
  more?: Pick<Scenario, 'finalStateVia' | 'headers' | 'deviation'>,
): Scenario {
  const body = method === 'DELETE' ? {} : {body: {location: 'West US'}};
  return {name: `${method} ${path}`, method, path, ...body, expected, ...more};
}

function succeeded(result: unknown): Expected {
  return {status: 'succeeded', result};
}
