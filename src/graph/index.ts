// The subpath `operation-poller/graph`. Nothing inside imports this file.
export type {GraphCloud} from './clouds.ts';
export {createGraphClient, type GraphClient, type GraphClientOptions} from './graph-client.ts';
export type {GraphPollOptions} from './operation-settings.ts';
export type {PasswordReset, ResetPasswordOptions} from './password-reset.ts';
export type {StartedOperation} from './start.ts';
export type {GraphRequest} from './start-request.ts';
export type {AccessToken, GraphTokenSource, TokenCredential} from './token-cache.ts';
