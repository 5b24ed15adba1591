import type {Answer} from './answer.ts';
import type {GraphRequest} from './graph-request.ts';
import {graphDate} from './graph-request.ts';
import type {OperationStep} from './operation-step.ts';
import type {RecordedRequest} from './request-recorder.ts';
import type {Script} from './script.ts';
import {readScript} from './script.ts';
import type {ScriptPosition} from './script-position.ts';
import {scriptStart, takeStep} from './script-position.ts';
import {answerStep} from './step-answer.ts';

/** One operation of the emulator: what it was polled, and what it will answer next. */
export interface EmulatedOperation {
  readonly id: string;
  /** The object id of the user it belongs to. */
  readonly userId: string;
  /** Its absolute URL with the opaque query: what a poller is given. */
  readonly location: string;
  /** The status word it had in its latest answer; `'notStarted'` before the first. */
  readonly status: string;
  /** How many polls its script has answered. A request refused with 401, or answered 404 because the operation is not visible yet, takes no step. */
  readonly polls: number;
  /** Every recorded request to its location, refused ones included. Empty with `record: false`. */
  readonly requests: readonly RecordedRequest[];
  /**
   * Gives the operation another script, which begins with the next poll; `times` and `until` count from now.
   *
   * @throws {TypeError | RangeError} if the script is not right; the operation then keeps its present one
   *
   * @example
   * operation.rescript(['running', 'failed']);
   */
  rescript(script: readonly OperationStep[]): void;
}

/** What a new operation is made of. */
export interface OperationParts {
  readonly id: string;
  readonly userId: string;
  readonly location: string;
  /** The `@odata.context` of its answers. */
  readonly context: string;
  readonly script: Script;
  readonly bearer: boolean;
  /** Until when GET answers 404, in milliseconds since 1970. */
  readonly visibleAt: number;
  readonly createdDateTime: string;
  readonly now: number;
}

/** An operation that plays a script. */
export class ScriptedOperation implements EmulatedOperation {
  readonly id: string;
  readonly userId: string;
  readonly location: string;
  readonly bearer: boolean;
  readonly visibleAt: number;
  readonly #context: string;
  readonly #createdDateTime: string;
  #lastActionDateTime: string;
  #status = 'notStarted';
  #script: Script;
  #position: ScriptPosition = scriptStart;
  #scriptedAt: number;
  #polls = 0;
  #requests: RecordedRequest[] | undefined;

  constructor(parts: OperationParts) {
    this.id = parts.id;
    this.userId = parts.userId;
    this.location = parts.location;
    this.bearer = parts.bearer;
    this.visibleAt = parts.visibleAt;
    this.#context = parts.context;
    this.#createdDateTime = parts.createdDateTime;
    this.#lastActionDateTime = parts.createdDateTime;
    this.#script = parts.script;
    this.#scriptedAt = parts.now;
  }

  get status(): string {
    return this.#status;
  }

  get polls(): number {
    return this.#polls;
  }

  get requests(): readonly RecordedRequest[] {
    return this.#requests ?? [];
  }

  rescript(script: readonly OperationStep[]): void {
    this.#script = readScript('script', script);
    this.#position = scriptStart;
    this.#scriptedAt = Date.now();
  }

  /** Notes a request to this operation, whatever becomes of it. */
  note(request: RecordedRequest): void {
    this.#requests ??= [];
    this.#requests.push(request);
  }

  /** Takes the script's next step and answers with it. */
  poll(request: GraphRequest): Answer {
    const {step, position} = takeStep(this.#script, this.#position, request.now - this.#scriptedAt);
    this.#position = position;
    this.#polls += 1;
    if (step.status !== undefined && step.status !== this.#status) {
      this.#status = step.status;
      this.#lastActionDateTime = graphDate(request.now);
    }
    const facts = {
      id: this.id,
      context: this.#context,
      status: this.#status,
      createdDateTime: this.#createdDateTime,
      lastActionDateTime: this.#lastActionDateTime,
    };
    return answerStep(step, facts, request);
  }
}
