import {randomUUID} from 'node:crypto';
import {outOfRange} from './checks.ts';
import {graphDate, type OperationListener, ScriptedOperation} from './emulated-operation.ts';
import {type AddOperationOptions, type OperationPlan, readOperationOptions} from './operation-options.ts';
import {idInPath, locationOf} from './path.ts';
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
    throw plan.userId === undefined
      ? outOfRange('options.path', 'a path at which no other endpoint answers GET', plan.path)
      : outOfRange('options.id', 'an id that no other operation has', plan.id);
  }

  /** Creates an operation and registers it at its path; `undefined` if that is taken. */
  start(plan: OperationPlan): ScriptedOperation | undefined {
    const {userId, version, path: pattern} = plan;
    const id = plan.id ?? (pattern.includes('{id}') ? randomUUID() : idInPath(pattern));
    const place = {version, path: pattern.replaceAll('{id}', encodeURIComponent(id)), query: plan.query};
    const now = Date.now();
    const created = plan.createdDateTime ?? graphDate(now);
    const operation = new ScriptedOperation({
      ...plan,
      id,
      userId: userId ?? '',
      context: userId && `${this.#root}/${version}/$metadata#users('${userId}')/authentication/operations/$entity`,
      location: locationOf(this.#root, place),
      listener: this.#listener,
      createdDateTime: typeof created === 'string' ? created : graphDate(created.getTime()),
    });
    if (!this.#endpoints.add(place, operation)) return undefined;
    this.list.push(operation);
    this.#listener?.({type: 'added', operation, at: now});
    return operation;
  }
}
