import type {Answer} from './answer.ts';
import {type Check, checkedWhereRead, checkFields, checkFlag, checkMilliseconds, outOfRange} from './checks.ts';
import type {GraphRequest} from './graph-request.ts';
import type {OperationStep, StepAnswer} from './operation-step.ts';
import {checkPath, checkQuery, checkVersion, idInPath, locationOf, type Version} from './path.ts';
import {readScript} from './script.ts';
import {
  type EmulatedResource,
  type EndpointParts,
  type EndpointRegistry,
  ScriptedEndpoint,
} from './scripted-endpoint.ts';
import {answerStep, resourceBody} from './step-answer.ts';

/** A resource that clients can read. Only `path` is required. */
export interface AddResourceOptions {
  /** Its path under the version, encoded as in a URL: `'/drives/d/items/i'`. It ends with the id. */
  readonly path: string;
  /** The answers to GET, one step each; the last repeats forever. Default `[{}]`: 200 with `{id}`. */
  readonly script?: readonly OperationStep[] | undefined;
  /** The version in its location; either version answers. `false`: the path is directly under the root. Default `'v1.0'`. */
  readonly version?: Version | undefined;
  /** Whether it requires a bearer token. With `false`, a request with a token is refused with 401. Default true. */
  readonly bearer?: boolean | undefined;
  /** The query of its location, without `?`. Default: none. */
  readonly query?: string | undefined;
  /** For how many milliseconds from now it answers 404. Default 0. */
  readonly visibleAfter?: number | undefined;
}

const checks: Readonly<Record<keyof AddResourceOptions, Check>> = {
  path: checkPath,
  script: checkedWhereRead,
  version: checkVersion,
  bearer: checkFlag,
  query: checkQuery,
  visibleAfter: checkMilliseconds,
};

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

/** Checks the options of a resource, creates it and registers it at its path. */
export function addResource(options: AddResourceOptions, root: string, endpoints: EndpointRegistry): EmulatedResource {
  checkFields('options', options, checks, ['path']);
  const {path, script = [{}], version = 'v1.0', bearer = true, query = '', visibleAfter = 0} = options;
  const checkedScript = readScript('options.script', script);
  const place = {version, path, query};
  const parts = {location: locationOf(root, place), script: checkedScript, bearer, visibleAfter};
  const resource = new ScriptedResource(parts, idInPath(path));
  if (endpoints.add(place, resource)) return resource;
  throw outOfRange('options.path', 'a path at which no other endpoint answers GET', path);
}
