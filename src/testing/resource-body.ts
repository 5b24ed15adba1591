import type {StepAnswer} from './operation-step.ts';

/** What a resource is at the moment of an answer; its dates are already text. */
export interface ResourceFacts {
  readonly id: string;
  readonly status: string | undefined;
  /** What an operation of a user's authentication has on top. */
  readonly dated?: DatedFacts | undefined;
}

export interface DatedFacts {
  readonly context: string;
  readonly createdDateTime: string;
  readonly lastActionDateTime: string;
}

/**
 * The body of a resource, unless its step gives one. An operation of a user's authentication has the documented shape of a
 * `longRunningOperation`; everything else has its id, its status and what the step says. A field that is `undefined` is not sent.
 */
export function resourceBody(step: StepAnswer, {id, status, dated}: ResourceFacts): Readonly<Record<string, unknown>> {
  const rest = {percentageComplete: step.percentageComplete, error: step.error, ...step.fields};
  if (dated === undefined) {
    return {id, status, statusDetail: step.detail, resourceLocation: step.resourceLocation, ...rest};
  }
  return {
    '@odata.context': dated.context,
    id,
    status,
    createdDateTime: dated.createdDateTime,
    lastActionDateTime: dated.lastActionDateTime,
    statusDetail: step.detail ?? null,
    resourceLocation: step.resourceLocation ?? null,
    ...rest,
  };
}
