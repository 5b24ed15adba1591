import type {Answer} from './answer.ts';
import {checkFields, checkFlag, checkMilliseconds, outOfRange} from './checks.ts';
import {checkPath, checkQuery, checkVersion, idInPath, locationOf} from './endpoint-options.ts';
import type {EndpointRegistry} from './endpoint-registry.ts';
import type {GraphRequest} from './graph-request.ts';
import type {OperationStep, StepAnswer} from './operation-step.ts';
import type {Version} from './place.ts';
import {keyOf} from './place.ts';
import {resourceBody} from './resource-body.ts';
import {readScript} from './script.ts';
import type {EmulatedResource, EndpointParts} from './scripted-endpoint.ts';
import {ScriptedEndpoint} from './scripted-endpoint.ts';
import {answerStep} from './step-answer.ts';

/** A resource to be read. Only `path` must be given. */
export interface AddResourceOptions {
  /** Its path under the version, as it stands in a URL: `'/drives/d/items/i'`. What stands last in it is its id. */
  readonly path: string;
  /** What each GET is answered, one step each; the last repeats for ever. Default `[{}]`: 200 with `{id}`. */
  readonly script?: readonly OperationStep[] | undefined;
  /** The version in its location; either version answers. `false`: it stands directly under the root. Default `'v1.0'`. */
  readonly version?: Version | undefined;
  /** Whether it needs a bearer token. With `false` it needs none, and one that is sent is refused with 401. Default true. */
  readonly bearer?: boolean | undefined;
  /** The query of its location, without `?`. Default: none. */
  readonly query?: string | undefined;
  /** Milliseconds from now in which it answers 404. Default 0. */
  readonly visibleAfter?: number | undefined;
}

const checks = {
  path: () => {}, // checkPath checks it.
  script: () => {}, // readScript checks it.
  version: checkVersion,
  bearer: checkFlag,
  query: checkQuery,
  visibleAfter: checkMilliseconds,
} satisfies Record<keyof AddResourceOptions, unknown>;

/** A resource that plays a script. */
export class ScriptedResource extends ScriptedEndpoint {
  readonly method = 'GET';
  readonly #id: string;

  constructor(parts: EndpointParts, id: string) {
    super(parts);
    this.#id = id;
  }

  protected override answerStep(step: StepAnswer, request: GraphRequest): Answer {
    return answerStep(step, {http: 200, body: resourceBody(step, {id: this.#id, status: step.status})}, request);
  }
}

/** Checks the options of a resource, makes it and gives it its place. */
export function addResource(options: AddResourceOptions, root: string, endpoints: EndpointRegistry): EmulatedResource {
  checkFields('options', options, checks);
  checkPath('options.path', options.path);
  const {path, script = [{}], version = 'v1.0', bearer = true, query = '', visibleAfter = 0} = options;
  const checkedScript = readScript('options.script', script);
  const key = keyOf({version, path});
  if (endpoints.has(key, 'GET')) throw outOfRange('options.path', 'a path at which nothing else is read', path);
  const now = Date.now();
  const location = locationOf(root, {version, path, query});
  const parts = {location, script: checkedScript, bearer, visibleAt: now + visibleAfter, now};
  const resource = new ScriptedResource(parts, idInPath(path));
  endpoints.add(key, resource);
  return resource;
}
