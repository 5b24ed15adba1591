import {azureWords} from './azure-words.ts';
import {defineProtocol, type Protocol} from './protocol.ts';

/**
 * [Azure's asynchronous
 * operations](https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations) where a `Location`
 * is all that leads there: HTTP 202 as long as the operation runs, another success with the result when it has ended.
 * What `provisioningState` says beats the HTTP status.
 */
export const azureLocation: Protocol = defineProtocol({
  name: 'azure.location',
  status: '/properties/provisioningState',
  words: azureWords,
  otherWords: 'running',
  httpStatuses: {200: 'succeeded', 201: 'succeeded', 202: 'running', 204: 'succeeded'},
  result: '',
  resultLocation: [],
  locationHeaders: ['location'],
});
