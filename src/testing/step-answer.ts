import type {Answer, AnswerHeaders} from './answer.ts';
import {jsonAnswer, textAnswer} from './answer.ts';
import {claimsChallenge, graphError} from './graph-error.ts';
import type {GraphRequest} from './graph-request.ts';
import type {StepAnswer} from './operation-step.ts';

/** What is answered where a step does not say otherwise. */
export interface UsualAnswer {
  readonly http: number;
  /** The body of an answer below 400; `undefined` for none. */
  readonly body: unknown;
}

/** What a step of a script answers. Pure. */
export function answerStep(step: StepAnswer, usual: UsualAnswer, request: GraphRequest): Answer {
  return {...contentOf(step, usual, request), delay: step.delay, fault: step.fault};
}

/** The HTTP status of a step. */
export function httpOf(step: StepAnswer, usual: number): number {
  if (step.http !== undefined) return step.http;
  if (step.claims !== undefined) return 401;
  return step.redirect === undefined ? usual : 302;
}

function contentOf(step: StepAnswer, usual: UsualAnswer, request: GraphRequest): Answer {
  const http = httpOf(step, usual.http);
  const headers = headersOf(step);
  if (step.text !== undefined) return textAnswer(http, step.text, headers);
  if (step.body !== undefined) return jsonAnswer(http, step.body, headers);
  if (step.redirect !== undefined) return textAnswer(http, '', headers);
  if (http < 400)
    return usual.body === undefined ? textAnswer(http, '', headers) : jsonAnswer(http, usual.body, headers);
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
