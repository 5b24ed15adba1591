import type {Answer} from './answer.ts';
import {textAnswer} from './answer.ts';
import type {GraphRequest} from './graph-request.ts';
import {graphDate} from './graph-request.ts';
import type {StepAnswer} from './operation-step.ts';
import {resourceBody} from './resource-body.ts';
import type {Script} from './script.ts';
import type {EmulatedResource, EndpointParts} from './scripted-endpoint.ts';
import {ScriptedEndpoint} from './scripted-endpoint.ts';
import {answerStep} from './step-answer.ts';

/** One operation of the emulator: what it was polled, and what it will answer next. Its `location` is what a poller is given. */
export interface EmulatedOperation extends EmulatedResource {
  readonly id: string;
  /** The object id of the user it belongs to; `''` for an operation with a `path` of its own. */
  readonly userId: string;
  /** The status word it had in its latest answer; `'notStarted'` before the first. */
  readonly status: string;
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
}

/** An operation that plays a script. */
export class ScriptedOperation extends ScriptedEndpoint implements EmulatedOperation {
  readonly method = 'GET';
  readonly id: string;
  readonly userId: string;
  readonly #context: string | undefined;
  readonly #createdDateTime: string;
  readonly #onCancel: Script | undefined;
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

  /** Goes on with what its cancellation says. Canceling it once more changes nothing. */
  cancel(http: number, {now}: GraphRequest): Answer {
    if (this.#onCancel !== undefined && !this.plays(this.#onCancel)) this.play(this.#onCancel, now);
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
}
