import type {Answer} from './answer.ts';
import type {GraphRequest} from './graph-request.ts';
import type {OperationStep, StepAnswer} from './operation-step.ts';
import type {RecordedRequest} from './request-recorder.ts';
import type {Script} from './script.ts';
import {readScript} from './script.ts';
import type {ScriptPosition} from './script-position.ts';
import {scriptStart, takeStep} from './script-position.ts';

/** Something that plays a script at a location of its own: what it was asked, and what it will answer next. */
export interface EmulatedResource {
  /** Its absolute URL, with its query. */
  readonly location: string;
  /**
   * How many requests its script has answered. One that is throttled, refused with 401, or answered 404 because the resource is not
   * visible yet takes no step; nor does one that cancels.
   */
  readonly polls: number;
  /** Every recorded request to its location, refused and batched ones included, in the order of arrival. Empty with `record: false`. */
  readonly requests: readonly RecordedRequest[];
  /**
   * Gives it another script, which begins with the next request; `times` and `until` count from now.
   *
   * @throws {TypeError | RangeError} if the script is not right; the present one then stays
   *
   * @example
   * operation.rescript(['running', 'failed']);
   */
  rescript(script: readonly OperationStep[]): void;
}

/** What every endpoint is made of. */
export interface EndpointParts {
  readonly location: string;
  readonly script: Script;
  /** Whether it needs a bearer token; if not, it refuses one. */
  readonly bearer: boolean;
  /** Until when it answers 404, in milliseconds since 1970. */
  readonly visibleAt: number;
  readonly now: number;
}

/** The one mechanism behind operations, resources and starts: one method, one script, one list of requests. */
export abstract class ScriptedEndpoint implements EmulatedResource {
  abstract readonly method: string;
  readonly location: string;
  readonly bearer: boolean;
  readonly visibleAt: number;
  #script: Script;
  #position: ScriptPosition = scriptStart;
  #scriptedAt: number;
  #polls = 0;
  #requests: RecordedRequest[] | undefined;

  constructor({location, script, bearer, visibleAt, now}: EndpointParts) {
    this.location = location;
    this.bearer = bearer;
    this.visibleAt = visibleAt;
    this.#script = script;
    this.#scriptedAt = now;
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

  /** Notes a request to this endpoint, whatever becomes of it. */
  note(request: RecordedRequest): void {
    this.#requests ??= [];
    this.#requests.push(request);
  }

  /** Answers a request with one of its methods. */
  answer(request: GraphRequest): Answer {
    const {step, position} = takeStep(this.#script, this.#position, request.now - this.#scriptedAt);
    this.#position = position;
    this.#polls += 1;
    return this.answerStep(step, request);
  }

  protected abstract answerStep(step: StepAnswer, request: GraphRequest): Answer;

  protected play(script: Script, now: number): void {
    this.#script = script;
    this.#position = scriptStart;
    this.#scriptedAt = now;
  }

  protected plays(script: Script): boolean {
    return this.#script === script;
  }
}
