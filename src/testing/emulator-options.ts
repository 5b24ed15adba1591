import type {BatchAnswers} from './batch-script.ts';
import {BatchScript} from './batch-script.ts';
import type {BearerCheck} from './bearer.ts';
import {bearerCheck} from './bearer.ts';
import {checkFields, checkFlag, checkHeaderValue, checkOneOf, checkText, checkWhole} from './checks.ts';
import type {LocationForm} from './location-header.ts';
import type {OperationStep} from './operation-step.ts';
import type {Script} from './script.ts';
import {readScript} from './script.ts';
import type {ThrottleOptions} from './throttle.ts';
import {readThrottleOptions, Throttle} from './throttle.ts';

/** How the emulator behaves. Every field may be left out; `undefined` means left out. */
export interface GraphEmulatorOptions {
  /** The port on 127.0.0.1. Default 0: any free one. */
  readonly port?: number | undefined;
  /** The bearer token, or the tokens, that are accepted. Default: any that is not empty. */
  readonly token?: string | readonly string[] | undefined;
  /** The script of operations that `resetPassword` starts or that are added without one. Default `['notStarted', 'running', 'succeeded']`. */
  readonly script?: readonly OperationStep[] | undefined;
  /** How the 202 of `resetPassword`, or the answer of a start, names the operation. `'relative'` is Graph's own relative form: a path without the version. Default `'absolute'`. */
  readonly location?: LocationForm | undefined;
  /** The `Retry-After` header of that 202: a number of seconds, or any text. Default: none. */
  readonly retryAfter?: string | number | undefined;
  /** The password that the service makes up when the request brings none. Default `'Emulated-0-Password'`. */
  readonly newPassword?: string | undefined;
  /**
   * What the envelopes of `POST /{version}/$batch` are answered: each takes one step, and after the last the service is as usual.
   * A step with `http` below 300 and no body of its own serves the parts too. `false`: there is no `$batch`, it is answered 404.
   * Default `[]`.
   *
   * @example
   * await startGraphEmulator({batch: [{http: 503, retryAfter: 1}, {}, {fault: 'reset'}]});
   */
  readonly batch?: BatchAnswers | undefined;
  /**
   * How many requests are served in a time; those beyond are answered 429. Each part of a `$batch` counts as one request, its
   * envelope as none. Default: no limit.
   *
   * @example
   * await startGraphEmulator({throttle: {requests: 100, window: 10_000}});
   */
  readonly throttle?: ThrottleOptions | undefined;
  /** After so many HTTP requests everything is answered 508, which ends a client's endless loop. Default 1,000,000; `Infinity` for no limit. */
  readonly maximumRequests?: number | undefined;
  /** Whether requests are recorded. `false` keeps memory flat in benchmarks. Default true. */
  readonly record?: boolean | undefined;
  /**
   * Whether it serves its console: a page under `/console/` that shows each operation live and has buttons to move it. Default false.
   * A page that watches an operation polls like any other client.
   */
  readonly console?: boolean | undefined;
}

const checks = {
  port: checkWhole(0, 65_535),
  token: () => {}, // bearerCheck checks it.
  script: () => {}, // readScript checks it.
  location: checkOneOf(['absolute', 'relative', 'none']),
  retryAfter: checkHeaderValue,
  newPassword: checkText,
  batch: () => {}, // BatchScript checks it.
  throttle: () => {}, // readThrottleOptions checks it.
  maximumRequests: checkWhole(1, Number.POSITIVE_INFINITY),
  record: checkFlag,
  console: checkFlag,
} satisfies Record<keyof GraphEmulatorOptions, unknown>;

/** The options in the form in which the emulator uses them. */
export interface EmulatorSettings {
  readonly port: number;
  readonly checkBearer: BearerCheck;
  readonly script: Script;
  readonly location: LocationForm;
  readonly retryAfter: string | undefined;
  readonly newPassword: string;
  readonly batch: BatchScript;
  readonly throttle: Throttle;
  readonly maximumRequests: number;
  readonly record: boolean;
  readonly console: boolean;
}

/** The one place that gives defaults and checks options. */
export function readEmulatorOptions(options: GraphEmulatorOptions): EmulatorSettings {
  checkFields('options', options, checks);
  return {
    port: options.port ?? 0,
    checkBearer: bearerCheck(options.token),
    script: readScript('options.script', options.script ?? ['notStarted', 'running', 'succeeded']),
    location: options.location ?? 'absolute',
    retryAfter: options.retryAfter === undefined ? undefined : String(options.retryAfter),
    newPassword: options.newPassword ?? 'Emulated-0-Password',
    batch: new BatchScript('options.batch', options.batch ?? []),
    throttle: new Throttle(readThrottleOptions(options.throttle)),
    maximumRequests: options.maximumRequests ?? 1_000_000,
    record: options.record ?? true,
    console: options.console ?? false,
  };
}
