import type {Expected, Scenario} from './scenario.ts';

const core = '/azure/core/lro';
const subscription = '/subscriptions/00000000-0000-0000-0000-000000000000';
const group = `${subscription}/resourceGroups/test-rg`;
const templates = 'providers/Azure.ResourceManager.OperationTemplates';

const coreVersion = {apiVersion: '2022-12-01-preview'};
const armVersion = {apiVersion: '2023-12-01-preview'};
const done: Expected = {status: 'succeeded'};

/**
 * The long-running operations of [Azure's http-specs](https://github.com/Azure/typespec-azure/tree/main/packages/azure-http-specs),
 * by the names of their scenarios, with the method, body, `final-state-via` and result that the specification beside each has.
 */
export const httpSpecs: readonly Scenario[] = [
  {
    name: 'Azure_Core_Lro_Rpc_longRunningRpc',
    method: 'POST',
    path: `${core}/rpc/generations:submit`,
    body: {prompt: 'text'},
    ...coreVersion,
    resultIn: 'result',
    expected: {status: 'succeeded', result: {data: 'text data'}},
  },
  {
    name: 'Azure_Core_Lro_Standard_createOrReplace',
    method: 'PUT',
    path: `${core}/standard/users/madge`,
    body: {role: 'contributor'},
    finalStateVia: 'original-uri',
    ...coreVersion,
    expected: {status: 'succeeded', result: {name: 'madge', role: 'contributor'}},
  },
  {
    name: 'Azure_Core_Lro_Standard_delete',
    method: 'DELETE',
    path: `${core}/standard/users/madge`,
    finalStateVia: 'operation-location',
    ...coreVersion,
    expected: done,
  },
  {
    name: 'Azure_Core_Lro_Standard_export',
    method: 'POST',
    path: `${core}/standard/users/madge:export?format=json`,
    finalStateVia: 'operation-location',
    ...coreVersion,
    resultIn: 'result',
    expected: {status: 'succeeded', result: {name: 'madge', resourceUri: '/users/madge'}},
  },
  {
    name: 'Azure_ResourceManager_OperationTemplates_Lro_createOrReplace',
    method: 'PUT',
    path: `${group}/${templates}/orders/order1`,
    body: {location: 'eastus', properties: {productId: 'product1', amount: 1}},
    finalStateVia: 'azure-async-operation',
    ...armVersion,
    expected: {status: 'succeeded', result: {name: 'order1', properties: {provisioningState: 'Succeeded', amount: 1}}},
  },
  {
    name: 'Azure_ResourceManager_OperationTemplates_Lro_export',
    method: 'POST',
    path: `${group}/${templates}/orders/order1/export`,
    body: {format: 'csv'},
    finalStateVia: 'location',
    ...armVersion,
    expected: {status: 'succeeded', result: {content: 'order1,product1,1'}},
  },
  {
    name: 'Azure_ResourceManager_OperationTemplates_Lro_delete',
    method: 'DELETE',
    path: `${group}/${templates}/orders/order1`,
    finalStateVia: 'location',
    ...armVersion,
    expected: done,
  },
  {
    name: 'Azure_ResourceManager_OperationTemplates_Lro_exportArray',
    method: 'POST',
    path: `${subscription}/${templates}/exportArray`,
    body: {format: 'csv'},
    finalStateVia: 'location',
    ...armVersion,
    expected: {status: 'succeeded', result: [{content: 'order1,product1,1'}, {content: 'order2,product2,2'}]},
  },
  {
    name: 'Azure_ResourceManager_OperationTemplates_LroPaging_postPagingLro',
    method: 'POST',
    path: `${group}/${templates}/products/default/postPagingLro`,
    finalStateVia: 'location',
    ...armVersion,
    expected: {status: 'succeeded', result: {value: [{name: 'product1'}]}},
  },
  {
    name: 'Azure_ResourceManager_LargeHeader_LargeHeaders_two6k',
    method: 'POST',
    path: `${group}/providers/Azure.ResourceManager.LargeHeader/largeHeaders/header1/two6k`,
    finalStateVia: 'location',
    ...armVersion,
    expected: {status: 'succeeded', result: {succeeded: true}},
  },
];
