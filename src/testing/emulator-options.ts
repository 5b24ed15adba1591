import type {BearerCheck} from './bearer.ts';
import {bearerCheck} from './bearer.ts';
import {checkFields, checkFlag, checkHeaderValue, checkOneOf, checkText, checkWhole} from './checks.ts';
import type {OperationStep} from './operation-step.ts';
import type {Script} from './script.ts';
import {readScript} from './script.ts';
import type {LocationForm} from './service-settings.ts';

/** How the emulator behaves. Every field may be left out; `undefined` means left out. */
export interface GraphEmulatorOptions {
  /** The port on 127.0.0.1. Default 0: any free one. */
  readonly port?: number | undefined;
  /** The bearer token, or the tokens, that are accepted. Default: any that is not empty. */
  readonly token?: string | readonly string[] | undefined;
  /** The script of operations that `resetPassword` starts or that are added without one. Default `['notStarted', 'running', 'succeeded']`. */
  readonly script?: readonly OperationStep[] | undefined;
  /** How the 202 of `resetPassword` names the operation. `'relative'` is Graph's own relative form: a path without the version. Default `'absolute'`. */
  readonly location?: LocationForm | undefined;
  /** The `Retry-After` header of that 202: a number of seconds, or any text. Default: none. */
  readonly retryAfter?: string | number | undefined;
  /** The password that the service makes up when the request brings none. Default `'Emulated-0-Password'`. */
  readonly newPassword?: string | undefined;
  /** After so many requests everything is answered 508, which ends a client's endless loop. Default 1,000,000; `Infinity` for no limit. */
  readonly maximumRequests?: number | undefined;
  /** Whether requests are recorded. `false` keeps memory flat in benchmarks. Default true. */
  readonly record?: boolean | undefined;
}

const checks = {
  port: checkWhole(0, 65_535),
  token: () => {}, // bearerCheck checks it.
  script: () => {}, // readScript checks it.
  location: checkOneOf(['absolute', 'relative', 'none']),
  retryAfter: checkHeaderValue,
  newPassword: checkText,
  maximumRequests: checkWhole(1, Number.POSITIVE_INFINITY),
  record: checkFlag,
} satisfies Record<keyof GraphEmulatorOptions, unknown>;

/** The options in the form in which the emulator uses them. */
export interface EmulatorSettings {
  readonly port: number;
  readonly checkBearer: BearerCheck;
  readonly script: Script;
  readonly location: LocationForm;
  readonly retryAfter: string | undefined;
  readonly newPassword: string;
  readonly maximumRequests: number;
  readonly record: boolean;
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
    maximumRequests: options.maximumRequests ?? 1_000_000,
    record: options.record ?? true,
  };
}
