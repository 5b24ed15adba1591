import {types} from 'node:util';
import {
  type Check,
  checkedWhereRead,
  checkFields,
  checkFlag,
  checkMilliseconds,
  checkText,
  outOfRange,
  wrongType,
} from './checks.ts';
import type {OperationStep} from './operation-step.ts';
import {checkPathWithId, checkQuery, checkVersion, objectIdOf, type Version} from './path.ts';
import {readScript, type Script} from './script.ts';

/** An operation to be added to the emulator. Every field is optional. */
export interface AddOperationOptions {
  /** The answers to its polls, one step each; the last repeats forever. Default: the emulator's `script`. */
  readonly script?: readonly OperationStep[] | undefined;
  /** Its id, any string that is not empty. Default: a random GUID; with `path`, the id at the end of the path. */
  readonly id?: string | undefined;
  /** The user it belongs to, by object id or user principal name. Default `'user@example.com'`. Not together with `path`. */
  readonly userId?: string | undefined;
  /**
   * Its path under the version, encoded as in a URL, for operations that do not belong to a user: `"/teams('a')/operations('b')"`.
   * `{id}` in it stands for the operation's id. Such an operation has no documented shape: its body is `{id, status}` and the fields
   * of the step. Default: `/users/{userId}/authentication/operations/{id}`.
   */
  readonly path?: string | undefined;
  /** The version in its location; either version answers. `false`, only with `path`: the path is directly under the root. Default `'v1.0'`. */
  readonly version?: Version | undefined;
  /** Whether polls require a bearer token. With `false`, a poll with a token is refused with 401, as by the monitor of a drive copy. Default true. */
  readonly bearer?: boolean | undefined;
  /** The opaque query of its location, without `?`. `''` for none. Default `'aadgdc=BY01P&aadgsu=ssprprod-a'`; with `path`, none. */
  readonly query?: string | undefined;
  /** For how many milliseconds from now GET answers 404. Default 0. */
  readonly visibleAfter?: number | undefined;
  /** When it was created; a string is sent unchanged, so that unusual formats can be tested. Default: now. */
  readonly createdDateTime?: string | Date | undefined;
  /** Whether `DELETE` on its location (answered 204) and `POST` on its location with `:cancel` (answered 202) cancel it. Default false. */
  readonly cancelable?: boolean | undefined;
  /**
   * The script it plays once it is canceled. Its last step needs a word that your protocol knows as an end. Default `['canceled']`. Only with
   * `cancelable`.
   */
  readonly onCancel?: readonly OperationStep[] | undefined;
}

const checks: Readonly<Record<keyof AddOperationOptions, Check>> = {
  script: checkedWhereRead,
  id: checkFilledText,
  userId: checkFilledText,
  path: checkPathWithId,
  version: checkVersion,
  bearer: checkFlag,
  query: checkQuery,
  visibleAfter: checkMilliseconds,
  createdDateTime: checkDate,
  cancelable: checkFlag,
  onCancel: checkedWhereRead,
};

/** Checked options with their defaults, from which one operation or several can be created. */
export type OperationPlan = Readonly<ReturnType<typeof readOperationOptions>>;

const opaqueQuery = 'aadgdc=BY01P&aadgsu=ssprprod-a';
const defaultOnCancel = readScript('onCancel', ['canceled']);

/** Checks the options of an operation and applies the defaults. Error messages refer to the options as `name`. */
export function readOperationOptions(name: string, options: AddOperationOptions, script: Script) {
  checkFields(name, options, checks);
  const {id, path, version = 'v1.0', createdDateTime, cancelable = false, onCancel} = options;
  if (path !== undefined && options.userId !== undefined) {
    throw new TypeError(`${name}: expected either path or userId, got both`);
  }
  if (version === false && path === undefined) throw new TypeError(`${name}.version: false requires a path`);
  if (onCancel !== undefined && !cancelable) throw new TypeError(`${name}.onCancel: requires cancelable: true`);
  const userId = path === undefined ? objectIdOf(options.userId ?? 'user@example.com') : undefined;
  return {
    script: options.script === undefined ? script : readScript(`${name}.script`, options.script),
    id,
    /** `undefined` where the operation belongs to no user. */
    userId,
    /** With `{id}` in place of an id that is not known yet. */
    path: path ?? `/users/${encodeURIComponent(String(userId))}/authentication/operations/{id}`,
    version,
    bearer: options.bearer ?? true,
    query: options.query ?? (path === undefined ? opaqueQuery : ''),
    visibleAfter: options.visibleAfter ?? 0,
    createdDateTime,
    onCancel:
      onCancel === undefined ? (cancelable ? defaultOnCancel : undefined) : readScript(`${name}.onCancel`, onCancel),
  };
}

function checkFilledText(name: string, value: unknown): void {
  checkText(name, value);
  if (value === '') throw outOfRange(name, 'a string that is not empty', value);
}

function checkDate(name: string, value: unknown): void {
  if (typeof value === 'string') return;
  if (!types.isDate(value)) throw wrongType(name, 'a string or a Date', value);
  if (Number.isNaN(value.getTime())) throw outOfRange(name, 'a valid Date', value);
}
