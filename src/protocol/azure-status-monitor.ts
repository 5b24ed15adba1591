import {azureLocation} from './azure-location.ts';
import {azureWords} from './azure-words.ts';
import {defineProtocol, type Protocol} from './protocol.ts';

/**
 * [Azure's asynchronous
 * operations](https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations), those of Azure
 * Resource Manager and of the data services alike: a status monitor, or a resource with a `provisioningState`. Every
 * word that is not terminal means that it runs. Headers and results are looked up as [Azure's own
 * client](https://github.com/Azure/azure-sdk-for-js/tree/main/sdk/core/core-lro) does it. Unlike there, HTTP 200
 * without a status is no success, unless it is only a `Location` that leads there.
 */
export const azureStatusMonitor: Protocol = defineProtocol({
  name: 'azure.statusMonitor',
  status: ['/status', '/properties/provisioningState', '/provisioningState'],
  words: azureWords,
  otherWords: 'running',
  httpStatuses: {202: 'running'},
  createdDateTime: ['/startTime', '/createdDateTime'],
  lastActionDateTime: ['/endTime', '/lastUpdatedDateTime', '/lastActionDateTime'],
  percentComplete: '/percentComplete',
  result: '/result',
  resultLocation: ['resourceLocation', 'location', 'original'],
  locationHeaders: ['operation-location', 'azure-asyncoperation', 'location'],
  moveHeaders: ['operation-location', 'azure-asyncoperation'],
  locationOnly: azureLocation,
});
