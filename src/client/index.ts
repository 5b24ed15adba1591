/**
 * Start and watch the operations of any service, with a token or a key.
 *
 * @module operation-poller/client
 */

// Nothing inside imports this file.
export {createOperationClient, type OperationClient, type OperationClientOptions} from './operation-client.ts';
export type {ClientPollOptions} from './operation-settings.ts';
export type {StartedOperation} from './start.ts';
export type {StartRequest} from './start-request.ts';
export type {AccessToken, ClientTokenSource, TokenCredential} from './token-cache.ts';
