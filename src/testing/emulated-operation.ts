import type {Answer} from './answer.ts';
import {textAnswer} from './answer.ts';
import type {GraphRequest} from './graph-request.ts';
import {graphDate} from './graph-request.ts';
import type {OperationListener, ScriptChange} from './operation-change.ts';
import type {OperationStep, StepAnswer} from './operation-step.ts';
import {resourceBody} from './resource-body.ts';
import type {Script} from './script.ts';
import {readOnlyStep} from './script.ts';
import type {EmulatedResource, EndpointParts} from './scripted-endpoint.ts';
import {ScriptedEndpoint} from './scripted-endpoint.ts';
import {answerStep} from './step-answer.ts';

/** One operation of the emulator: what it was polled, and what it will answer next. Its `location` is what a poller is given. */
export interface EmulatedOperation extends EmulatedResource {
  readonly id: string;
  /** The object id of the user it belongs to; `''` for an operation with a `path` of its own. */
  readonly userId: string;
  /** The status word it had in its latest answer, or was moved to since; `'notStarted'` before the first. */
  readonly status: string;
  /**
   * Moves it now, between two polls, as an operation moves by itself: `status` and `lastActionDateTime` change at once, and every later
   * poll is answered by this step.
   *
   * @throws {TypeError | RangeError} if the step is not right; the operation then stays where it is
   *
   * @example
   * operation.move('succeeded');
   * operation.move({status: 'failed', detail: 'PolicyViolation'});
   */
  move(step: OperationStep): void;
}

/** What an operation is made of. */
export interface OperationParts extends EndpointParts {
  readonly id: string;
  readonly userId: string;
  /** The `@odata.context` of its answers, if they have the documented shape. */
  readonly context: string | undefined;
  readonly createdDateTime: string;
  /** What it plays once it is canceled, if it can be. */
  readonly onCancel: Script | undefined;
  readonly listener: OperationListener | undefined;
}

/** An operation that plays a script. */
export class ScriptedOperation extends ScriptedEndpoint implements EmulatedOperation {
  readonly method = 'GET';
  readonly id: string;
  readonly userId: string;
  readonly #context: string | undefined;
  readonly #createdDateTime: string;
  readonly #onCancel: Script | undefined;
  readonly #listener: OperationListener | undefined;
  #lastActionDateTime: string;
  #status = 'notStarted';

  constructor(parts: OperationParts) {
    super(parts);
    this.id = parts.id;
    this.userId = parts.userId;
    this.#context = parts.context;
    this.#createdDateTime = parts.createdDateTime;
    this.#lastActionDateTime = parts.createdDateTime;
    this.#onCancel = parts.onCancel;
    this.#listener = parts.listener;
  }

  get status(): string {
    return this.#status;
  }

  get cancelable(): boolean {
    return this.#onCancel !== undefined;
  }

  override get methods(): readonly string[] {
    return this.cancelable ? ['GET', 'DELETE'] : ['GET'];
  }

  override answer(request: GraphRequest): Answer {
    return request.method === 'DELETE' ? this.cancel(204, request) : super.answer(request);
  }

  move(step: OperationStep): void {
    const script = readOnlyStep('step', step);
    const now = Date.now();
    this.play(script, now);
    this.takeStatus(script.last, now);
    this.#tell('moved', now);
  }

  override rescript(script: readonly OperationStep[]): void {
    super.rescript(script);
    this.#tell('rescripted', Date.now());
  }

  override interrupt(steps: readonly OperationStep[]): void {
    super.interrupt(steps);
    this.#tell('interrupted', Date.now());
  }

  /** Tells what a request to it was answered, by itself or in its place. */
  answered(request: GraphRequest, answer: Answer): void {
    this.#listener?.({type: 'answered', operation: this, at: request.now, request, answer});
  }

  /** Goes on with what its cancellation says. Canceling it once more changes nothing. */
  cancel(http: number, {now}: GraphRequest): Answer {
    if (this.#onCancel !== undefined && !this.plays(this.#onCancel)) {
      this.play(this.#onCancel, now);
      this.#tell('canceled', now);
    }
    return textAnswer(http, '');
  }

  /** Its body in an answer. */
  body(step: StepAnswer): Readonly<Record<string, unknown>> {
    const dated = this.#context !== undefined && {
      context: this.#context,
      createdDateTime: this.#createdDateTime,
      lastActionDateTime: this.#lastActionDateTime,
    };
    return resourceBody(step, {id: this.id, status: this.#status, ...(dated && {dated})});
  }

  protected override answerStep(step: StepAnswer, request: GraphRequest): Answer {
    this.takeStatus(step, request.now);
    return answerStep(step, {http: 200, body: this.body(step)}, request);
  }

  /** Takes the status word of a step as its own. */
  takeStatus({status}: StepAnswer, now: number): void {
    if (status === undefined || status === this.#status) return;
    this.#status = status;
    this.#lastActionDateTime = graphDate(now);
  }

  #tell(type: ScriptChange, at: number): void {
    this.#listener?.({type, operation: this, at});
  }
}
