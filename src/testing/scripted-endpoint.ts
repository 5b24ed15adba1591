import type {Answer} from './answer.ts';
import type {GraphRequest} from './graph-request.ts';
import type {OperationStep, StepAnswer} from './operation-step.ts';
import type {RecordedRequest} from './request-recorder.ts';
import type {Script} from './script.ts';
import {readInterruption, readScript} from './script.ts';
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
  /**
   * Answers the next requests by these steps, one each, and then goes on with its script where that was. A later call takes the place of
   * what is left of an earlier one; so does `rescript`.
   *
   * @throws {TypeError | RangeError} if a step is not right; nothing is then changed
   *
   * @example
   * operation.interrupt([{http: 429, retryAfter: 5}]);
   */
  interrupt(steps: readonly OperationStep[]): void;
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

/** What goes before a script. */
interface Interruption {
  readonly script: Script;
  readonly position: ScriptPosition;
  readonly since: number;
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
  #interruption: Interruption | undefined;
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

  interrupt(steps: readonly OperationStep[]): void {
    const script = readInterruption('steps', steps);
    this.#interruption = {script, position: scriptStart, since: Date.now()};
  }

  /** The step that the next request is answered by. */
  due(now: number): StepAnswer {
    return this.#next(now).step;
  }

  /** Notes a request to this endpoint, whatever becomes of it. */
  note(request: RecordedRequest): void {
    this.#requests ??= [];
    this.#requests.push(request);
  }

  /** Answers a request with one of its methods. */
  answer(request: GraphRequest): Answer {
    const {step, position, interruption} = this.#next(request.now);
    this.#position = position;
    this.#interruption = interruption;
    this.#polls += 1;
    return this.answerStep(step, request);
  }

  protected abstract answerStep(step: StepAnswer, request: GraphRequest): Answer;

  protected play(script: Script, now: number): void {
    this.#script = script;
    this.#position = scriptStart;
    this.#scriptedAt = now;
    this.#interruption = undefined;
  }

  /** The next step, and where the script and what interrupts it stand after it. */
  #next(now: number): {step: StepAnswer; position: ScriptPosition; interruption: Interruption | undefined} {
    if (this.#interruption !== undefined) {
      const {script, position, since} = this.#interruption;
      const first = takeStep(script, position, now - since);
      // The last step of an interruption only says that it is over.
      if (first.step !== script.last) {
        return {step: first.step, position: this.#position, interruption: {script, position: first.position, since}};
      }
    }
    return {...takeStep(this.#script, this.#position, now - this.#scriptedAt), interruption: undefined};
  }

  protected plays(script: Script): boolean {
    return this.#script === script;
  }
}
