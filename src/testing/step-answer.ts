import type {Answer, AnswerHeaders} from './answer.ts';
import {jsonAnswer, textAnswer} from './answer.ts';
import {claimsChallenge, graphError} from './graph-error.ts';
import type {GraphRequest} from './graph-request.ts';
import type {StepAnswer} from './operation-step.ts';

/** What an operation is at the moment of an answer; its dates are already text. */
export interface OperationFacts {
  readonly id: string;
  readonly context: string;
  readonly status: string;
  readonly createdDateTime: string;
  readonly lastActionDateTime: string;
}

/** What a step of a script answers about an operation. Pure. */
export function answerStep(step: StepAnswer, operation: OperationFacts, request: GraphRequest): Answer {
  return {...contentOf(step, operation, request), delay: step.delay, fault: step.fault};
}

function contentOf(step: StepAnswer, operation: OperationFacts, request: GraphRequest): Answer {
  const http = step.http ?? usualHttp(step);
  const headers = headersOf(step);
  if (step.text !== undefined) return textAnswer(http, step.text, headers);
  if (step.body !== undefined) return jsonAnswer(http, step.body, headers);
  if (step.redirect !== undefined) return textAnswer(http, '', headers);
  if (http < 400) return jsonAnswer(http, operationBody(step, operation), headers);
  return graphError(http, request, {
    headers,
    error: step.error,
    ...(step.fields && {fields: step.fields}),
    ...(step.claims !== undefined && {message: 'Continuous access evaluation resulted in a claims challenge.'}),
  });
}

function usualHttp(step: StepAnswer): number {
  if (step.claims !== undefined) return 401;
  return step.redirect === undefined ? 200 : 302;
}

/** The documented shape of a `longRunningOperation`; a field that is `undefined` is not sent. */
function operationBody(step: StepAnswer, operation: OperationFacts): Readonly<Record<string, unknown>> {
  return {
    '@odata.context': operation.context,
    id: operation.id,
    status: operation.status,
    createdDateTime: operation.createdDateTime,
    lastActionDateTime: operation.lastActionDateTime,
    statusDetail: step.detail ?? null,
    resourceLocation: step.resourceLocation ?? null,
    percentageComplete: step.percentageComplete,
    error: step.error,
    ...step.fields,
  };
}

function headersOf(step: StepAnswer): AnswerHeaders {
  const headers: Record<string, string | string[]> = {};
  const location = step.redirect ?? step.location;
  if (location !== undefined) headers['location'] = location;
  if (step.retryAfter !== undefined) headers['retry-after'] = String(step.retryAfter);
  if (step.claims !== undefined) headers['www-authenticate'] = claimsChallenge(step.claims);
  for (const [name, value] of Object.entries(step.headers ?? {})) {
    headers[name.toLowerCase()] = typeof value === 'string' ? value : [...value];
  }
  return headers;
}
