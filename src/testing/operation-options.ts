import {types} from 'node:util';
import type {Check} from './checks.ts';
import {checkFields, checkFlag, checkMilliseconds, checkText, outOfRange, wrongType} from './checks.ts';
import {checkPathWithId, checkQuery, checkVersion} from './endpoint-options.ts';
import {objectIdOf} from './object-id.ts';
import type {OperationStep} from './operation-step.ts';
import type {Version} from './place.ts';
import type {Script} from './script.ts';
import {readScript} from './script.ts';

/** What an operation added by hand may be told. Every field may be left out. */
export interface AddOperationOptions {
  /** What its polls are answered, one step each; the last repeats for ever. Default: the emulator's `script`. */
  readonly script?: readonly OperationStep[] | undefined;
  /** Any text that is not empty. Default: a random GUID; with `path`, what stands last in it. */
  readonly id?: string | undefined;
  /** The user it belongs to, by object id or user principal name. Default `'user@example.com'`. Not together with `path`. */
  readonly userId?: string | undefined;
  /**
   * Its path under the version, as it stands in a URL, for operations that are not a user's: `"/teams('a')/operations('b')"`.
   * `{id}` in it stands for the operation's id. Such an operation has no documented shape: its body is `{id, status}` and what
   * the step says. Default: `/users/{userId}/authentication/operations/{id}`.
   */
  readonly path?: string | undefined;
  /** The version in its location. Either version answers. `false`, only with `path`: it stands directly under the root. Default `'v1.0'`. */
  readonly version?: Version | undefined;
  /** Whether polls need a bearer token. With `false` they need none, and one that is sent is refused with 401, as a drive copy's monitor does. Default true. */
  readonly bearer?: boolean | undefined;
  /** The opaque query of its location, without `?`. `''` for none. Default `'aadgdc=BY01P&aadgsu=ssprprod-a'`; with `path`, none. */
  readonly query?: string | undefined;
  /** Milliseconds from now in which GET answers 404. Default 0. */
  readonly visibleAfter?: number | undefined;
  /** When it was created; text is sent as it stands, so that unusual forms can be tried. Default: now. */
  readonly createdDateTime?: string | Date | undefined;
  /** Whether `DELETE` on its location (answered 204) and `POST` on its location with `:cancel` (answered 202) cancel it. Default false. */
  readonly cancelable?: boolean | undefined;
  /** The script that it plays once it is canceled. Default `['canceled']`. Only with `cancelable`. */
  readonly onCancel?: readonly OperationStep[] | undefined;
}

const checks: Readonly<Record<keyof AddOperationOptions, Check>> = {
  script: () => {}, // readScript checks it.
  id: checkFilledText,
  userId: checkFilledText,
  path: checkPathWithId,
  version: checkVersion,
  bearer: checkFlag,
  query: checkQuery,
  visibleAfter: checkMilliseconds,
  createdDateTime: checkDate,
  cancelable: checkFlag,
  onCancel: () => {}, // readScript checks it.
};

/** Checked options: what is needed to make an operation, or one operation after the other. */
export interface OperationPlan {
  readonly script: Script;
  readonly id: string | undefined;
  readonly userId: string;
  readonly path: string | undefined;
  readonly version: Version;
  readonly bearer: boolean;
  readonly query: string;
  readonly visibleAfter: number;
  readonly createdDateTime: string | Date | undefined;
  readonly onCancel: Script | undefined;
}

const defaultUserId = objectIdOf('user@example.com');
const opaqueQuery = 'aadgdc=BY01P&aadgsu=ssprprod-a';
const canceled = readScript('onCancel', ['canceled']);

/** The one place that gives defaults and checks the options of operations; `name` is what messages call them. */
export function readOperationOptions(name: string, options: AddOperationOptions, script: Script): OperationPlan {
  checkFields(name, options, checks);
  const {path, userId, version = 'v1.0', cancelable = false, onCancel} = options;
  if (path !== undefined && userId !== undefined) {
    throw new TypeError(`${name} has both path and userId; an operation takes only one of them`);
  }
  if (version === false && path === undefined) throw new TypeError(`${name}.version can be false only with a path`);
  if (onCancel !== undefined && !cancelable)
    throw new TypeError(`${name}.onCancel has no use without cancelable: true`);
  return {
    script: options.script === undefined ? script : readScript(`${name}.script`, options.script),
    id: options.id,
    userId: userId === undefined ? defaultUserId : objectIdOf(userId),
    path,
    version,
    bearer: options.bearer ?? true,
    query: options.query ?? (path === undefined ? opaqueQuery : ''),
    visibleAfter: options.visibleAfter ?? 0,
    createdDateTime: options.createdDateTime,
    onCancel: onCancel === undefined ? (cancelable ? canceled : undefined) : readScript(`${name}.onCancel`, onCancel),
  };
}

function checkFilledText(name: string, value: unknown): void {
  checkText(name, value);
  if (value === '') throw outOfRange(name, 'a text that is not empty', value);
}

function checkDate(name: string, value: unknown): void {
  if (typeof value === 'string') return;
  if (!types.isDate(value)) throw wrongType(name, 'a text or a Date', value);
  if (Number.isNaN(value.getTime())) throw outOfRange(name, 'a valid Date', value);
}
