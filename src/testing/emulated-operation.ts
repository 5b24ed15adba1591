import {type Answer, textAnswer} from './answer.ts';
import type {GraphRequest} from './graph-request.ts';
import type {OperationStep, StepAnswer} from './operation-step.ts';
import {readSingleStep, type Script} from './script.ts';
import {type EmulatedResource, type EndpointParts, ScriptedEndpoint} from './scripted-endpoint.ts';
import {answerStep, resourceBody} from './step-answer.ts';

/** An operation of the emulator: the polls it received, and the steps it answers with. Give its `location` to a poller. */
export interface EmulatedOperation extends EmulatedResource {
  readonly id: string;
  /** The object id of the user it belongs to; `''` for an operation with a `path` of its own. */
  readonly userId: string;
  /** The status in its latest answer, or the one it was moved to since; `'notStarted'` before the first answer. */
  readonly status: string;
  /**
   * Moves it now, between two polls, as a real operation makes progress: `status` and `lastActionDateTime` change at once, and this step
   * answers every later poll.
   *
   * @throws {TypeError | RangeError} if the step is invalid; the operation is then left as it is
   *
   * @example
   * operation.move('succeeded');
   * operation.move({status: 'failed', detail: 'PolicyViolation'});
   */
  move(step: OperationStep): void;
}

/** What caused an operation to answer with other steps from now on. */
export type ScriptChange = 'moved' | 'rescripted' | 'interrupted' | 'canceled';

/** Something that happened to an operation. `at` is in milliseconds since 1970. */
export type OperationChange =
  | {readonly type: 'added' | ScriptChange; readonly operation: ScriptedOperation; readonly at: number}
  | {
      readonly type: 'answered';
      readonly operation: ScriptedOperation;
      readonly at: number;
      readonly request: GraphRequest;
      readonly answer: Answer;
    };

/** Is called at once for each change to an operation of the emulator. */
export type OperationListener = (change: OperationChange) => void;

/** What an operation is constructed from. */
export interface OperationParts extends EndpointParts {
  readonly id: string;
  readonly userId: string;
  /** The `@odata.context` of its answers; `undefined` if they do not have the documented shape. */
  readonly context: string | undefined;
  readonly createdDateTime: string;
  /** What it plays once it is canceled; `undefined` if it cannot be. */
  readonly onCancel: Script | undefined;
  readonly listener: OperationListener | undefined;
}

export class ScriptedOperation extends ScriptedEndpoint implements EmulatedOperation {
  readonly method = 'GET';
  readonly id: string;
  readonly userId: string;
  readonly #parts: OperationParts;
  #lastActionDateTime: string;
  #status = 'notStarted';

  constructor(parts: OperationParts) {
    super(parts);
    this.id = parts.id;
    this.userId = parts.userId;
    this.#parts = parts;
    this.#lastActionDateTime = parts.createdDateTime;
  }

  get status(): string {
    return this.#status;
  }

  get cancelable(): boolean {
    return this.#parts.onCancel !== undefined;
  }

  override get methods(): readonly string[] {
    return this.cancelable ? ['GET', 'DELETE'] : ['GET'];
  }

  override answer(request: GraphRequest): Answer {
    return request.method === 'DELETE' ? this.cancel(204, request) : super.answer(request);
  }

  move(step: OperationStep): void {
    const script = readSingleStep('step', step);
    const now = Date.now();
    this.play(script, now);
    this.adoptStatus(script.last, now);
    this.#notify('moved', now);
  }

  override rescript(script: readonly OperationStep[]): void {
    super.rescript(script);
    this.#notify('rescripted', Date.now());
  }

  override interrupt(steps: readonly OperationStep[]): void {
    super.interrupt(steps);
    this.#notify('interrupted', Date.now());
  }

  /** Notifies the listener of an answer, given by the operation itself or on its behalf. */
  notifyAnswered(request: GraphRequest, answer: Answer): void {
    this.#parts.listener?.({type: 'answered', operation: this, at: request.now, request, answer});
  }

  /** Continues with its cancellation script. Canceling again changes nothing. */
  cancel(http: number, {now}: GraphRequest): Answer {
    const {onCancel} = this.#parts;
    if (onCancel !== undefined && !this.isPlaying(onCancel)) {
      this.play(onCancel, now);
      this.#notify('canceled', now);
    }
    return textAnswer(http, '');
  }

  /** Its body in an answer. */
  body(step: StepAnswer): Readonly<Record<string, unknown>> {
    const {context, createdDateTime} = this.#parts;
    const documented =
      context === undefined ? undefined : {context, createdDateTime, lastActionDateTime: this.#lastActionDateTime};
    return resourceBody(step, {id: this.id, status: this.#status, documented});
  }

  protected override answerStep(step: StepAnswer, request: GraphRequest): Answer {
    this.adoptStatus(step, request.now);
    return answerStep(step, {http: 200, body: this.body(step)}, request);
  }

  /** Adopts the status of a step, if it has one. */
  adoptStatus({status}: StepAnswer, now: number): void {
    if (status === undefined || status === this.#status) return;
    this.#status = status;
    this.#lastActionDateTime = graphDate(now);
  }

  #notify(type: ScriptChange, at: number): void {
    this.#parts.listener?.({type, operation: this, at});
  }
}

/** Graph's date format: `2020-05-14T00:23:40Z`. */
export function graphDate(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
