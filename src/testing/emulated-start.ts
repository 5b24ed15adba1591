import {type Answer, graphError, type LocationForm, locationHeader} from './answer.ts';
import {type Check, checkedWhereRead, checkFields, checkFlag, checkObject, checkOneOf, outOfRange} from './checks.ts';
import type {EmulatedOperation, ScriptedOperation} from './emulated-operation.ts';
import type {EmulatedService} from './emulator-options.ts';
import type {GraphRequest} from './graph-request.ts';
import {type AddOperationOptions, type OperationPlan, readOperationOptions} from './operation-options.ts';
import type {OperationStep, StepAnswer} from './operation-step.ts';
import {checkPath, checkVersion, locationOf, type Version} from './path.ts';
import {readScript, readSingleStep} from './script.ts';
import {type EmulatedResource, type EndpointParts, ScriptedEndpoint} from './scripted-endpoint.ts';
import {answerStep, httpOf} from './step-answer.ts';

/** The HTTP methods that can start an operation. */
export type StartMethod = (typeof startMethods)[number];
const startMethods = ['POST', 'PUT', 'PATCH', 'DELETE', 'GET'] as const;

/** The headers that can give the location of a started operation. */
export type StartHeader = (typeof startHeaders)[number];
const startHeaders = ['Location', 'Operation-Location', 'Azure-AsyncOperation'] as const;

/** A request that starts operations. Only `path` is required. */
export interface AddStartOptions {
  /** Its path under the version, encoded as in a URL: `"/teams('a')/clone"`. */
  readonly path: string;
  /** Its HTTP method. Default `'POST'`. */
  readonly method?: StartMethod | undefined;
  /** The version in its location; either version answers. `false`: the path is directly under the root. Default `'v1.0'`. */
  readonly version?: Version | undefined;
  /** Whether it requires a bearer token. With `false`, a request with a token is refused with 401. Default true. */
  readonly bearer?: boolean | undefined;
  /**
   * The answer to each request. Default `{http: 202}`, without a body. With 200 or 201 the body is the started operation
   * itself: `{id, status}` and the fields of the step. Its own `location` and `headers` override the header with the operation's location.
   */
  readonly answer?: StepAnswer | undefined;
  /** Instead of `answer`: one step for each request; the last repeats forever. */
  readonly script?: readonly OperationStep[] | undefined;
  /**
   * The operation that each request answered with 2xx starts. Each request starts a new one if `id` is absent, and `path` is absent or
   * contains `{id}`; otherwise the second request is answered 409. Default: none.
   */
  readonly starts?: AddOperationOptions | undefined;
  /** The header with the location of the started operation. Default `'Location'`. */
  readonly header?: StartHeader | undefined;
  /** The form of that location; `'relative'` is a path without the version. Default: the emulator's `location`. */
  readonly location?: LocationForm | undefined;
}

const checks: Readonly<Record<keyof AddStartOptions, Check>> = {
  path: checkPath,
  method: checkOneOf(startMethods),
  version: checkVersion,
  bearer: checkFlag,
  answer: checkObject,
  script: checkedWhereRead,
  starts: checkedWhereRead,
  header: checkOneOf(startHeaders),
  location: checkOneOf(['absolute', 'relative', 'none']),
};

/** A request of the emulator that starts operations: the requests it received, and what they started. */
export interface EmulatedStart extends EmulatedResource {
  /** The operations it has started, in that order. */
  readonly started: readonly EmulatedOperation[];
}

/** What a start does besides answering. */
interface StartPlan extends Pick<EmulatedService, 'root' | 'operations'> {
  readonly operation: OperationPlan;
  readonly header: StartHeader;
  readonly form: LocationForm;
}

class ScriptedStart extends ScriptedEndpoint implements EmulatedStart {
  readonly method: string;
  readonly started: ScriptedOperation[] = [];
  readonly #plan: StartPlan | undefined;

  constructor(parts: EndpointParts, method: string, plan: StartPlan | undefined) {
    super(parts);
    this.method = method;
    this.#plan = plan;
  }

  protected override answerStep(step: StepAnswer, request: GraphRequest): Answer {
    const http = httpOf(step, 202);
    if (this.#plan === undefined || http >= 300) return answerStep(step, {http: 202, body: step.fields}, request);
    const {operations, root, header, form} = this.#plan;
    const operation = operations.start(this.#plan.operation);
    if (operation === undefined) {
      return graphError(409, request, {message: 'An operation with this path or id already exists.'});
    }
    this.started.push(operation);
    operation.adoptStatus(step, request.now);
    const itself = http === 200 || http === 201;
    const answer = answerStep(step, {http, body: itself ? operation.body(step) : step.fields}, request);
    return {...answer, headers: {...locationHeader(operation.location, {root, header, form}), ...answer.headers}};
  }
}

/** Checks the options of a start, creates it and registers it at its path. */
export function addStart(options: AddStartOptions, service: EmulatedService): EmulatedStart {
  checkFields('options', options, checks, ['path']);
  const {path, method = 'POST', version = 'v1.0', bearer = true, answer, script, starts} = options;
  const {root, endpoints, operations} = service;
  if (answer !== undefined && script !== undefined) {
    throw new TypeError('options: expected either answer or script, got both');
  }
  const checkedScript =
    answer === undefined ? readScript('options.script', script ?? [{}]) : readSingleStep('options.answer', answer);
  const operation = starts && readOperationOptions('options.starts', starts, operations.script);
  const parts = {location: locationOf(root, {version, path}), script: checkedScript, bearer, visibleAfter: 0};
  const {header = 'Location', location: form = service.location} = options;
  const start = new ScriptedStart(parts, method, operation && {root, operations, operation, header, form});
  if (endpoints.add({version, path}, start)) return start;
  throw outOfRange('options.path', `a path at which no other endpoint answers ${method}`, path);
}
