import {randomUUID} from 'node:crypto';
import {types} from 'node:util';
import {checkFields, checkFlag, checkMilliseconds, checkOneOf, checkText, outOfRange, wrongType} from './checks.ts';
import {ScriptedOperation} from './emulated-operation.ts';
import {graphDate} from './graph-request.ts';
import {objectIdOf} from './object-id.ts';
import type {OperationStep} from './operation-step.ts';
import type {Script} from './script.ts';
import {readScript} from './script.ts';

/** What an operation added by hand may be told. Every field may be left out. */
export interface AddOperationOptions {
  /** What its polls are answered, one step each; the last repeats for ever. Default: the emulator's `script`. */
  readonly script?: readonly OperationStep[] | undefined;
  /** Any text that is not empty. Default: a random GUID. */
  readonly id?: string | undefined;
  /** The user it belongs to, by object id or user principal name. Default `'user@example.com'`. */
  readonly userId?: string | undefined;
  /** The version in its location. Either version answers. Default `'v1.0'`. */
  readonly version?: 'v1.0' | 'beta' | undefined;
  /** Whether polls need a bearer token. With `false` they need none, and one that is sent is refused with 401, as a drive copy's monitor does. Default true. */
  readonly bearer?: boolean | undefined;
  /** The opaque query of its location, without `?`. `''` for none. Default `'aadgdc=BY01P&aadgsu=ssprprod-a'`. */
  readonly query?: string | undefined;
  /** Milliseconds from now in which GET answers 404. Default 0. */
  readonly visibleAfter?: number | undefined;
  /** When it was created; text is sent as it stands, so that unusual forms can be tried. Default: now. */
  readonly createdDateTime?: string | Date | undefined;
}

const checks = {
  script: () => {}, // readScript checks it.
  id: checkFilledText,
  userId: checkFilledText,
  version: checkOneOf(['v1.0', 'beta']),
  bearer: checkFlag,
  query: (name: string, value: unknown) => {
    checkText(name, value);
    if (!/^[\w!$%&'()*+,\-./:;=?@~]*$/.test(String(value)))
      throw outOfRange(name, 'a query as it stands in a URL', value);
  },
  visibleAfter: checkMilliseconds,
  createdDateTime: checkDate,
} satisfies Record<keyof AddOperationOptions, unknown>;

const defaultUserId = objectIdOf('user@example.com');

/** All operations of an emulator, in the order in which they were added. */
export class OperationStore {
  readonly list: ScriptedOperation[] = [];
  readonly #byId = new Map<string, ScriptedOperation>();
  readonly #root: string;
  readonly #script: Script;

  constructor(root: string, script: Script) {
    this.#root = root;
    this.#script = script;
  }

  find(id: string): ScriptedOperation | undefined {
    return this.#byId.get(id);
  }

  add(options: AddOperationOptions = {}): ScriptedOperation {
    checkFields('options', options, checks);
    const {id = randomUUID(), version = 'v1.0', bearer = true, query = 'aadgdc=BY01P&aadgsu=ssprprod-a'} = options;
    if (this.#byId.has(id)) throw outOfRange('options.id', 'an id that no other operation has', id);
    const now = Date.now();
    const userId = options.userId === undefined ? defaultUserId : objectIdOf(options.userId);
    const path = `users/${encodeURIComponent(userId)}/authentication/operations/${encodeURIComponent(id)}`;
    const created = options.createdDateTime ?? graphDate(now);
    const operation = new ScriptedOperation({
      id,
      userId,
      location: `${this.#root}/${version}/${path}${query === '' ? '' : `?${query}`}`,
      context: `${this.#root}/${version}/$metadata#users('${userId}')/authentication/operations/$entity`,
      script: options.script === undefined ? this.#script : readScript('options.script', options.script),
      bearer,
      visibleAt: now + (options.visibleAfter ?? 0),
      createdDateTime: typeof created === 'string' ? created : graphDate(created.getTime()),
      now,
    });
    this.#byId.set(id, operation);
    this.list.push(operation);
    return operation;
  }
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
