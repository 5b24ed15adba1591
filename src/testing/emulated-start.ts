import type {Answer} from './answer.ts';
import type {Check} from './checks.ts';
import {checkFields, checkFlag, checkOneOf, outOfRange} from './checks.ts';
import type {EmulatedOperation, ScriptedOperation} from './emulated-operation.ts';
import {checkPath, checkVersion, locationOf} from './endpoint-options.ts';
import type {EndpointRegistry} from './endpoint-registry.ts';
import {graphError} from './graph-error.ts';
import type {GraphRequest} from './graph-request.ts';
import type {LocationForm} from './location-header.ts';
import {locationHeader} from './location-header.ts';
import type {AddOperationOptions, OperationPlan} from './operation-options.ts';
import {readOperationOptions} from './operation-options.ts';
import type {OperationStep, StepAnswer} from './operation-step.ts';
import type {OperationStore} from './operation-store.ts';
import type {Version} from './place.ts';
import {keyOf} from './place.ts';
import {readAnswer, readScript} from './script.ts';
import type {EmulatedResource, EndpointParts} from './scripted-endpoint.ts';
import {ScriptedEndpoint} from './scripted-endpoint.ts';
import {answerStep, httpOf} from './step-answer.ts';

/** The methods that a start can have. */
export type StartMethod = (typeof startMethods)[number];
const startMethods = ['POST', 'PUT', 'PATCH', 'DELETE', 'GET'] as const;

/** The headers that can name a started operation. */
export type StartHeader = (typeof startHeaders)[number];
const startHeaders = ['Location', 'Operation-Location', 'Azure-AsyncOperation'] as const;

/** A request that starts an operation. Only `path` must be given. */
export interface AddStartOptions {
  /** Its path under the version, as it stands in a URL: `"/teams('a')/clone"`. */
  readonly path: string;
  /** Default `'POST'`. */
  readonly method?: StartMethod | undefined;
  /** Either version answers. `false`: it stands directly under the root. Default `'v1.0'`. */
  readonly version?: Version | undefined;
  /** Whether it needs a bearer token. With `false` it needs none, and one that is sent is refused with 401. Default true. */
  readonly bearer?: boolean | undefined;
  /**
   * What each request is answered. Default `{http: 202}`, without a body. With 200 or 201 the body is the started operation
   * itself: `{id, status}` and what the step says. Its own `location` and `headers` win over the header that names the operation.
   */
  readonly answer?: StepAnswer | undefined;
  /** Instead of `answer`: one step for each request; the last repeats for ever. */
  readonly script?: readonly OperationStep[] | undefined;
  /**
   * The operation that each request answered with 2xx starts. Without `id`, and either without `path` or with `{id}` in it, that is a
   * new one each time; otherwise the second request is answered 409. Default: none.
   */
  readonly starts?: AddOperationOptions | undefined;
  /** The header that names the started operation. Default `'Location'`. */
  readonly header?: StartHeader | undefined;
  /** How that header names it; `'relative'` is a path without the version. Default: the emulator's `location`. */
  readonly location?: LocationForm | undefined;
}

const checks: Readonly<Record<keyof AddStartOptions, Check>> = {
  path: () => {}, // checkPath checks it.
  method: checkOneOf(startMethods),
  version: checkVersion,
  bearer: checkFlag,
  answer: () => {}, // readScript checks it.
  script: () => {}, // readScript checks it.
  starts: () => {}, // readOperationOptions checks it.
  header: checkOneOf(startHeaders),
  location: checkOneOf(['absolute', 'relative', 'none']),
};

/** A start of the emulator: what it was asked, and what it has started. */
export interface EmulatedStart extends EmulatedResource {
  /** The operations that it has started, in that order. */
  readonly started: readonly EmulatedOperation[];
}

interface Starting {
  readonly plan: OperationPlan;
  readonly operations: OperationStore;
  readonly root: string;
  readonly header: StartHeader;
  readonly form: LocationForm;
}

/** A start that plays a script. */
class ScriptedStart extends ScriptedEndpoint implements EmulatedStart {
  readonly method: string;
  readonly started: ScriptedOperation[] = [];
  readonly #starting: Starting | undefined;

  constructor(parts: EndpointParts, method: string, starting: Starting | undefined) {
    super(parts);
    this.method = method;
    this.#starting = starting;
  }

  protected override answerStep(step: StepAnswer, request: GraphRequest): Answer {
    const http = httpOf(step, 202);
    if (this.#starting === undefined || http >= 300) return answerStep(step, {http: 202, body: step.fields}, request);
    const {plan, operations, root, header, form} = this.#starting;
    const operation = operations.start(plan);
    if (operation === undefined) {
      return graphError(409, request, {message: 'An operation with this path or id was started before.'});
    }
    this.started.push(operation);
    operation.takeStatus(step, request.now);
    const itself = http === 200 || http === 201;
    const answer = answerStep(step, {http, body: itself ? operation.body(step) : step.fields}, request);
    return {...answer, headers: {...locationHeader(operation.location, {root, header, form}), ...answer.headers}};
  }
}

/** What a start needs of its emulator. */
export interface StartSurroundings {
  readonly root: string;
  readonly endpoints: EndpointRegistry;
  readonly operations: OperationStore;
  readonly location: LocationForm;
}

/** Checks the options of a start, makes it and gives it its place. */
export function addStart(options: AddStartOptions, surroundings: StartSurroundings): EmulatedStart {
  checkFields('options', options, checks);
  checkPath('options.path', options.path);
  const {path, method = 'POST', version = 'v1.0', bearer = true, answer, script, starts} = options;
  const {root, endpoints, operations} = surroundings;
  if (answer !== undefined && script !== undefined) {
    throw new TypeError('options has both answer and script; a start takes only one of them');
  }
  const checkedScript =
    answer === undefined ? readScript('options.script', script ?? [{}]) : readAnswer('options.answer', answer);
  const plan = starts && readOperationOptions('options.starts', starts, operations.script);
  const key = keyOf({version, path});
  if (endpoints.has(key, method))
    throw outOfRange('options.path', `a path at which nothing else answers ${method}`, path);
  const start = new ScriptedStart(
    {
      location: locationOf(root, {version, path, query: ''}),
      script: checkedScript,
      bearer,
      visibleAt: 0,
      now: Date.now(),
    },
    method,
    plan && {
      plan,
      operations,
      root,
      header: options.header ?? 'Location',
      form: options.location ?? surroundings.location,
    },
  );
  endpoints.add(key, start);
  return start;
}
