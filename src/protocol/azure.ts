import {definePreset} from './define-preset.ts';
import type {Protocol} from './protocol.ts';

/**
 * Azure's words. Any other one means running too, but a location also returns resources, whose `status` is their own: there
 * only these count.
 */
const words: Protocol['words'] = {
  NotStarted: 'notStarted',
  Accepted: 'notStarted',
  Pending: 'running',
  InProgress: 'running',
  Running: 'running',
  Provisioning: 'running',
  Creating: 'running',
  Updating: 'running',
  Deleting: 'running',
  Canceling: 'running',
  Cancelling: 'running',
  Succeeded: 'succeeded',
  Completed: 'succeeded',
  Failed: 'failed',
  Canceled: 'canceled',
  Cancelled: 'canceled',
};

/**
 * A resource of [Azure's](https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations): what the
 * response to a PUT, a PATCH or a GET holds, and what stands at the request's own URL. Its state is its `provisioningState`;
 * without one it is done, unless the HTTP status is 202. Any `status` there is the resource's own.
 */
export const azureResource: Protocol = definePreset({
  name: 'azure.resource',
  status: ['/properties/provisioningState', '/provisioningState'],
  words,
  otherWords: 'running',
  httpStatuses: {200: 'succeeded', 201: 'succeeded', 202: 'running', 204: 'succeeded'},
  result: '',
  resultLocation: [],
  bodyMeansDone: true,
  locationHeaders: [],
});

/**
 * [Azure's asynchronous
 * operations](https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations) that are reachable
 * only by a `Location` header: HTTP 202 while the operation runs, any other success with the result once it has ended.
 * A `provisioningState` takes precedence over the HTTP status, and so does a `status` with one of Azure's own words.
 */
export const azureLocation: Protocol = definePreset({
  name: 'azure.location',
  status: ['/properties/provisioningState', '/provisioningState'],
  statusIfKnown: '/status',
  words,
  otherWords: 'running',
  httpStatuses: {200: 'succeeded', 201: 'succeeded', 202: 'running', 204: 'succeeded'},
  result: '',
  resultLocation: [],
  bodyMeansDone: true,
  locationHeaders: ['location'],
  resource: azureResource,
});

/**
 * [Azure's asynchronous
 * operations](https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations), both of Azure
 * Resource Manager and of the data services: a status monitor, or a resource with a `provisioningState`. Every
 * non-terminal word means running. Headers and results are looked up as [Azure's own
 * client](https://github.com/Azure/azure-sdk-for-js/tree/main/sdk/core/core-lro) does it. Unlike there, HTTP 200
 * without a status is not a success, unless a `Location` header is all that leads to the operation.
 */
export const azureStatusMonitor: Protocol = definePreset({
  name: 'azure.statusMonitor',
  status: ['/status', '/properties/provisioningState', '/provisioningState'],
  words,
  otherWords: 'running',
  httpStatuses: {202: 'running'},
  createdDateTime: ['/startTime', '/createdDateTime'],
  lastActionDateTime: ['/endTime', '/lastUpdatedDateTime', '/lastActionDateTime'],
  percentComplete: '/percentComplete',
  result: '/result',
  resultLocation: ['resourceLocation', 'location', 'original'],
  locationHeaders: ['operation-location', 'azure-asyncoperation', 'location'],
  moveHeaders: ['operation-location', 'azure-asyncoperation'],
  bodyMeansDone: true,
  locationOnly: azureLocation,
  resource: azureResource,
});
