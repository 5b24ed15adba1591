import {randomUUID} from 'node:crypto';
import {outOfRange} from './checks.ts';
import {graphDate, type OperationListener, ScriptedOperation} from './emulated-operation.ts';
import {type AddOperationOptions, type OperationPlan, readOperationOptions} from './operation-options.ts';
import {idInPath, keyOf, locationOf, userOperationKey} from './path.ts';
import type {Script} from './script.ts';
import type {EndpointRegistry} from './scripted-endpoint.ts';

/** All operations of an emulator, in the order in which they were added. */
export class OperationRegistry {
  readonly list: ScriptedOperation[] = [];
  readonly script: Script;
  readonly #root: string;
  readonly #endpoints: EndpointRegistry;
  #listener: OperationListener | undefined;

  constructor(root: string, script: Script, endpoints: EndpointRegistry) {
    this.#root = root;
    this.script = script;
    this.#endpoints = endpoints;
  }

  /** Calls the listener for each change to an operation that is added from now on. */
  listen(listener: OperationListener): void {
    this.#listener = listener;
  }

  add(options: AddOperationOptions = {}): ScriptedOperation {
    const plan = readOperationOptions('options', options, this.script);
    const operation = this.start(plan);
    if (operation !== undefined) return operation;
    throw plan.path === undefined
      ? outOfRange('options.id', 'an id that no other operation has', plan.id)
      : outOfRange('options.path', 'a path at which no other endpoint answers GET', plan.path);
  }

  /** Creates an operation and registers it at its path; `undefined` if that is taken. */
  start(plan: OperationPlan): ScriptedOperation | undefined {
    const id = plan.id ?? defaultId(plan);
    const {key, path, userId, context} =
      plan.path === undefined ? this.#identityOfUser(plan, id) : identityOfPath(plan, id);
    if (this.#endpoints.has(key, 'GET')) return undefined;
    const now = Date.now();
    const created = plan.createdDateTime ?? graphDate(now);
    const operation = new ScriptedOperation({
      id,
      userId,
      context,
      location: locationOf(this.#root, {version: plan.version, path, query: plan.query}),
      script: plan.script,
      onCancel: plan.onCancel,
      listener: this.#listener,
      bearer: plan.bearer,
      visibleAt: now + plan.visibleAfter,
      createdDateTime: typeof created === 'string' ? created : graphDate(created.getTime()),
      now,
    });
    this.#endpoints.add(key, operation);
    this.list.push(operation);
    this.#listener?.({type: 'added', operation, at: now});
    return operation;
  }

  #identityOfUser({userId, version}: OperationPlan, id: string) {
    return {
      key: userOperationKey(userId, id),
      path: `/users/${encodeURIComponent(userId)}/authentication/operations/${encodeURIComponent(id)}`,
      userId,
      context: `${this.#root}/${version}/$metadata#users('${userId}')/authentication/operations/$entity`,
    };
  }
}

function defaultId({path}: OperationPlan): string {
  return path === undefined || path.includes('{id}') ? randomUUID() : idInPath(path);
}

function identityOfPath({path: pattern = '', version}: OperationPlan, id: string) {
  const path = pattern.replaceAll('{id}', encodeURIComponent(id));
  return {key: keyOf({version, path}), path, userId: '', context: undefined};
}
