// The subpath `operation-poller/graph`. Nothing inside imports this file.
export type {GraphCloud} from './clouds.ts';
export {
  createGraphClient,
  type GraphClient,
  type GraphClientOptions,
  type GraphPollOptions,
  type ResetPasswordOptions,
} from './graph-client.ts';
export type {PasswordReset} from './password-reset.ts';
export type {GraphRequest, StartedOperation} from './start.ts';
export type {AccessToken, GraphTokenSource, TokenCredential} from './token-cache.ts';
