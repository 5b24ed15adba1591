import {type Answer, type AnswerHeaders, claimsChallenge, graphError, jsonAnswer, textAnswer} from './answer.ts';
import type {GraphRequest} from './graph-request.ts';
import type {StepAnswer} from './operation-step.ts';

/** What a step leaves unsaid. */
export interface DefaultAnswer {
  readonly http: number;
  /** The body of an answer below 400; `undefined` for none. */
  readonly body: unknown;
}

/** The answer that a step of a script describes. Pure. */
export function answerStep(step: StepAnswer, defaults: DefaultAnswer, request: GraphRequest): Answer {
  return {...contentOf(step, defaults, request), delay: step.delay, fault: step.fault};
}

/** The HTTP status of a step. */
export function httpOf(step: StepAnswer, defaultHttp: number): number {
  if (step.http !== undefined) return step.http;
  if (step.claims !== undefined) return 401;
  return step.redirect === undefined ? defaultHttp : 302;
}

function contentOf(step: StepAnswer, defaults: DefaultAnswer, request: GraphRequest): Answer {
  const http = httpOf(step, defaults.http);
  const headers = headersOf(step);
  if (step.text !== undefined) return textAnswer(http, step.text, headers);
  if (step.body !== undefined) return jsonAnswer(http, step.body, headers);
  if (step.redirect !== undefined) return textAnswer(http, '', headers);
  if (http < 400)
    return defaults.body === undefined ? textAnswer(http, '', headers) : jsonAnswer(http, defaults.body, headers);
  return graphError(http, request, {
    headers,
    error: step.error,
    ...(step.fields && {fields: step.fields}),
    ...(step.claims !== undefined && {message: 'Continuous access evaluation resulted in a claims challenge.'}),
  });
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

/** What the body of a resource says about it. */
export interface ResourceFacts {
  readonly id: string;
  readonly status: string | undefined;
  /** Only an operation of a user's authentication has these. */
  readonly documented?:
    | {readonly context: string; readonly createdDateTime: string; readonly lastActionDateTime: string}
    | undefined;
}

/**
 * The body of a resource, unless its step gives one. An operation of a user's authentication has the documented shape of a
 * `longRunningOperation`; any other resource has its id, its status and the fields of the step. A field that is `undefined` is not sent.
 */
export function resourceBody(
  step: StepAnswer,
  {id, status, documented}: ResourceFacts,
): Readonly<Record<string, unknown>> {
  // The documented shape has each field, be it `null`.
  const absent = documented && null;
  return {
    '@odata.context': documented?.context,
    id,
    status,
    createdDateTime: documented?.createdDateTime,
    lastActionDateTime: documented?.lastActionDateTime,
    statusDetail: step.detail ?? absent,
    resourceLocation: step.resourceLocation ?? absent,
    percentageComplete: step.percentageComplete,
    error: step.error,
    ...step.fields,
  };
}
