import type {Answer} from './answer.ts';
import type {GraphRequest} from './graph-request.ts';
import type {OperationStep, StepAnswer} from './operation-step.ts';
import {keyOf, type ServicePlace} from './path.ts';
import {Playback} from './playback.ts';
import type {RecordedRequest} from './request-recorder.ts';
import {readInterruption, readScript, type Script} from './script.ts';

/** Something that plays a script at a location of its own: the requests it received, and the steps it answers with. */
export interface EmulatedResource {
  /** Its absolute URL, with its query. */
  readonly location: string;
  /**
   * How many requests its script has answered. Throttled requests, those refused with 401, those answered 404 because the resource is
   * not visible yet, and those that cancel take no step and do not count.
   */
  readonly polls: number;
  /** Every recorded request to its location, refused and batched ones included, in the order of arrival. Empty with `record: false`. */
  readonly requests: readonly RecordedRequest[];
  /**
   * Replaces its script from the next request on; `times` and `until` count from now.
   *
   * @throws {TypeError | RangeError} if the script is invalid; the current one is then kept
   *
   * @example
   * operation.rescript(['running', 'failed']);
   */
  rescript(script: readonly OperationStep[]): void;
  /**
   * Answers the next requests with these steps, one each, and then continues its script where it was. A later call, or `rescript`,
   * replaces what is left of an earlier one.
   *
   * @throws {TypeError | RangeError} if a step is invalid; nothing is then changed
   *
   * @example
   * operation.interrupt([{http: 429, retryAfter: 5}]);
   */
  interrupt(steps: readonly OperationStep[]): void;
}

/** What every endpoint is constructed from. */
export interface EndpointParts {
  readonly location: string;
  readonly script: Script;
  /** Whether it requires a bearer token; if not, it refuses one. */
  readonly bearer: boolean;
  /** For how many milliseconds from now it answers 404. */
  readonly visibleAfter: number;
}

/** What operations, resources and starts have in common: a method, a script and a list of requests. */
export abstract class ScriptedEndpoint implements EmulatedResource {
  abstract readonly method: string;
  readonly location: string;
  readonly bearer: boolean;
  /** Until when it answers 404, in milliseconds since 1970. */
  readonly visibleAt: number;
  #playback: Playback;
  /** Goes before the script; its last step only says that it is over. */
  #interruption: Playback | undefined;
  #polls = 0;
  #requests: RecordedRequest[] | undefined;

  constructor({location, script, bearer, visibleAfter}: EndpointParts) {
    const now = Date.now();
    this.location = location;
    this.bearer = bearer;
    // What is there at once stays there, also where the wall clock is set back.
    this.visibleAt = visibleAfter === 0 ? 0 : now + visibleAfter;
    this.#playback = new Playback(script, now);
  }

  /** Every method it answers, its own first. */
  get methods(): readonly string[] {
    return [this.method];
  }

  get polls(): number {
    return this.#polls;
  }

  get requests(): readonly RecordedRequest[] {
    return this.#requests ?? [];
  }

  rescript(script: readonly OperationStep[]): void {
    this.play(readScript('script', script), Date.now());
  }

  interrupt(steps: readonly OperationStep[]): void {
    this.#interruption = new Playback(readInterruption('steps', steps), Date.now());
  }

  /** The step that would answer the next request. */
  nextStep(now: number): StepAnswer {
    return this.#current(now).peek(now);
  }

  /** Adds a request to `requests`, however it is answered. */
  record(request: RecordedRequest): void {
    this.#requests ??= [];
    this.#requests.push(request);
  }

  /** Answers a request with one of its methods. */
  answer(request: GraphRequest): Answer {
    const current = this.#current(request.now);
    if (current === this.#playback) this.#interruption = undefined;
    this.#polls += 1;
    return this.answerStep(current.take(request.now), request);
  }

  protected abstract answerStep(step: StepAnswer, request: GraphRequest): Answer;

  protected play(script: Script, now: number): void {
    this.#playback = new Playback(script, now);
    this.#interruption = undefined;
  }

  protected isPlaying(script: Script): boolean {
    return this.#playback.script === script;
  }

  #current(now: number): Playback {
    const interruption = this.#interruption;
    const over = interruption === undefined || interruption.peek(now) === interruption.script.last;
    return over ? this.#playback : interruption;
  }
}

/** The endpoints by the key of their path. Several may share a path if each answers another method. */
export class EndpointRegistry {
  readonly #byKey = new Map<string, readonly ScriptedEndpoint[]>();

  at(key: string): readonly ScriptedEndpoint[] {
    return this.#byKey.get(key) ?? [];
  }

  /** @returns whether its place was free: no other endpoint answers its method there */
  add(place: ServicePlace, endpoint: ScriptedEndpoint): boolean {
    const key = keyOf(place);
    const others = this.at(key);
    if (others.some(({method}) => method === endpoint.method)) return false;
    this.#byKey.set(key, [...others, endpoint]);
    return true;
  }
}
