import type {LocationForm} from './answer.ts';
import {
  type Check,
  checkedWhereRead,
  checkFields,
  checkFlag,
  checkHeaderValue,
  checkOneOf,
  checkText,
  checkWhole,
  isRecord,
  outOfRange,
  wrongType,
} from './checks.ts';
import type {OperationRegistry} from './operation-registry.ts';
import type {OperationStep, StepAnswer} from './operation-step.ts';
import {Playback} from './playback.ts';
import {readAnswers, readScript} from './script.ts';
import type {EndpointRegistry} from './scripted-endpoint.ts';
import {type KeyPair, makeSelfSigned} from './self-signed.ts';
import {Throttle, type ThrottleOptions} from './throttle.ts';

/** The answers to the envelopes of `$batch`, one each, followed by normal service; `false` if there is no `$batch`. */
export type BatchAnswers = readonly StepAnswer[] | false;

/** How the emulator behaves. Every field is optional; `undefined` means absent. */
export interface GraphEmulatorOptions {
  /** The port on 127.0.0.1. Default 0: any free one. */
  readonly port?: number | undefined;
  /**
   * Speaks https: `true` with a certificate made at the start, for `localhost` and 127.0.0.1, or with a key and certificate of your own,
   * in PEM. A client has to trust `emulator.certificate`. Default false.
   */
  readonly tls?: boolean | KeyPair | undefined;
  /** The accepted bearer token or tokens. Default: any that is not empty. */
  readonly token?: string | readonly string[] | undefined;
  /** The script of operations started by `resetPassword` or added without one. Default `['notStarted', 'running', 'succeeded']`. */
  readonly script?: readonly OperationStep[] | undefined;
  /** The form of the operation's location in the 202 of `resetPassword` or the answer of a start. `'relative'` is Graph's own relative form: a path without the version. Default `'absolute'`. */
  readonly location?: LocationForm | undefined;
  /** The `Retry-After` header of that 202: a number of seconds, or any string. Default: none. */
  readonly retryAfter?: string | number | undefined;
  /** The password that the service generates if the request has none. Default `'Emulated-0-Password'`. */
  readonly newPassword?: string | undefined;
  /**
   * The answers to the envelopes of `POST /{version}/$batch`: each envelope takes one step, and normal service follows the last.
   * With a step below 300 and without a body of its own, the parts are served as well. `false`: there is no `$batch`; it is answered
   * 404. Default `[]`.
   *
   * @example
   * await startGraphEmulator({batch: [{http: 503, retryAfter: 1}, {}, {fault: 'reset'}]});
   */
  readonly batch?: BatchAnswers | undefined;
  /**
   * How the answers to the parts of a `$batch` write the names of their headers: `'capitalized'` (`Retry-After`), as Graph does, or
   * `'mixed'`, every second answer in lower case, for a client that must not depend on it. Default `'capitalized'`.
   */
  readonly batchHeaders?: 'capitalized' | 'mixed' | undefined;
  /**
   * How many requests are served in a window of time; any more are answered 429. Each part of a `$batch` counts as one request, its
   * envelope as none. Default: no limit.
   *
   * @example
   * await startGraphEmulator({throttle: {requests: 100, window: 10_000}});
   */
  readonly throttle?: ThrottleOptions | undefined;
  /** After this many HTTP requests, every further one is answered 508, which ends a client's endless loop. Default 1,000,000; `Infinity` for no limit. */
  readonly maximumRequests?: number | undefined;
  /** Whether requests are recorded. With `false`, memory does not grow in benchmarks. Default true. */
  readonly record?: boolean | undefined;
  /**
   * Whether it serves its console: a page under `/console/` that shows each operation live and has buttons to move it. A page that
   * watches an operation polls like any other client. Default false.
   */
  readonly console?: boolean | undefined;
}

const checks: Readonly<Record<keyof GraphEmulatorOptions, Check>> = {
  port: checkWhole(0, 65_535),
  tls: checkedWhereRead,
  token: checkedWhereRead,
  script: checkedWhereRead,
  location: checkOneOf(['absolute', 'relative', 'none']),
  retryAfter: checkHeaderValue,
  newPassword: checkText,
  batch: checkedWhereRead,
  batchHeaders: checkOneOf(['capitalized', 'mixed']),
  throttle: checkedWhereRead,
  maximumRequests: checkWhole(1, Number.POSITIVE_INFINITY),
  record: checkFlag,
  console: checkFlag,
};

/** The checked options with their defaults, in the form in which the emulator uses them. */
export type EmulatorSettings = Readonly<ReturnType<typeof readEmulatorOptions>>;

/** What the emulated service needs to answer any request. */
export interface EmulatedService extends EmulatorSettings {
  readonly endpoints: EndpointRegistry;
  readonly operations: OperationRegistry;
  /** Where it listens, without a version. */
  readonly root: string;
  /** The script of the envelopes; `undefined` if there is no `$batch`. */
  batch: Playback | undefined;
}

/** Checks the options and applies the defaults. */
export function readEmulatorOptions(options: GraphEmulatorOptions) {
  checkFields('options', options, checks);
  return {
    port: options.port ?? 0,
    tls: readTls(options.tls ?? false),
    checkBearer: bearerCheck(options.token),
    script: readScript('options.script', options.script ?? ['notStarted', 'running', 'succeeded']),
    location: options.location ?? 'absolute',
    retryAfter: options.retryAfter === undefined ? undefined : String(options.retryAfter),
    newPassword: options.newPassword ?? 'Emulated-0-Password',
    batch: readBatchAnswers('options.batch', options.batch ?? []),
    batchHeaders: options.batchHeaders ?? 'capitalized',
    throttle: new Throttle(options.throttle),
    maximumRequests: options.maximumRequests ?? 1_000_000,
    record: options.record ?? true,
    console: options.console ?? false,
  };
}

function readTls(tls: boolean | KeyPair): KeyPair | undefined {
  if (typeof tls === 'boolean') return tls ? makeSelfSigned() : undefined;
  if (!isRecord(tls)) throw wrongType('options.tls', 'true, false or {key, cert}', tls);
  // Node's https would start without one of them, and fail at every request.
  checkFields('options.tls', tls, {key: checkText, cert: checkText}, ['key', 'cert']);
  return tls;
}

/** Checks the answers to envelopes; the first one is then due. */
export function readBatchAnswers(name: string, answers: BatchAnswers): Playback | undefined {
  return answers === false ? undefined : new Playback(readAnswers(name, answers), Date.now());
}

/** Why a request is refused, or `undefined` if it is not. The reason never contains the token. */
export type BearerCheck = (authorization: string | undefined) => string | undefined;

/** Accepts the given tokens; without any, every bearer token that is not empty. */
function bearerCheck(token: string | readonly string[] | undefined): BearerCheck {
  const accepted = token === undefined ? undefined : new Set(typeof token === 'string' ? [token] : readTokens(token));
  if (accepted?.has('') === true) throw outOfRange('options.token', 'a token that is not empty', '');
  return (authorization) => {
    const sent = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (sent === undefined) return 'Access token is empty.';
    return accepted === undefined || accepted.has(sent)
      ? undefined
      : 'Access token validation failure. Invalid audience.';
  };
}

function readTokens(tokens: readonly string[]): readonly string[] {
  if (!Array.isArray(tokens)) throw wrongType('options.token', 'a string or a list of strings', tokens);
  for (const [index, token] of tokens.entries()) checkText(`options.token[${index}]`, token);
  return tokens;
}
