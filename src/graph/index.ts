/**
 * Start and watch the operations of Microsoft Graph.
 *
 * @module operation-poller/graph
 */

// Nothing inside imports this file.
export type {ClientPollOptions} from '../client/operation-settings.ts';
export type {StartedOperation} from '../client/start.ts';
export type {StartRequest} from '../client/start-request.ts';
export type {AccessToken, ClientTokenSource, TokenCredential} from '../client/token-cache.ts';
export type {GraphCloud} from './clouds.ts';
export {createGraphClient, type GraphClient, type GraphClientOptions} from './graph-client.ts';
export type {PasswordReset, ResetPasswordOptions} from './password-reset.ts';
