import {randomUUID} from 'node:crypto';
import type {Answer} from './answer.ts';
import type {BatchPart} from './batch-request.ts';
import {readBatch} from './batch-request.ts';
import {batchResponse, shuffled} from './batch-response.ts';
import {graphError} from './graph-error.ts';
import type {GraphRequest} from './graph-request.ts';
import {answerRequest, notFound, withCommonHeaders} from './graph-service.ts';
import type {Fault, StepAnswer} from './operation-step.ts';
import {pathOf} from './place.ts';
import type {RecordedRequest} from './request-recorder.ts';
import type {ServiceSettings} from './service-settings.ts';
import {answerStep, httpOf} from './step-answer.ts';

/** What a request that came over HTTP is answered: an envelope as one, everything else by the service. */
export function answerHttpRequest(request: GraphRequest, settings: ServiceSettings): Answer {
  const version = /^\/(v1\.0|beta)\/\$batch$/i.exec(pathOf(request.target))?.[1];
  if (version === undefined) return answerRequest(request, settings);
  return withCommonHeaders(answerEnvelope(request, version, settings), request);
}

/** `POST /{version}/$batch`. The envelope itself counts for no limit; its parts do. */
function answerEnvelope(envelope: GraphRequest, version: string, settings: ServiceSettings): Answer {
  const {batch, checkBearer} = settings;
  if (!batch.exists) return notFound(envelope);
  const refusal = checkBearer(envelope.authorization);
  if (refusal !== undefined) return graphError(401, envelope, {message: refusal});
  if (envelope.method !== 'POST') return graphError(405, envelope, {headers: {allow: 'POST'}});
  const step = batch.take(envelope.now);
  if (!servesParts(step)) return answerStep(step, {http: 200, body: step.fields}, envelope);
  const parts = readBatch(envelope.body);
  if ('message' in parts) return graphError(400, envelope, parts);
  const answers = answerParts(parts, {envelope, version, settings});
  const responses = answers.map(({answer}, index) => {
    return batchResponse(parts[index]?.id ?? '', answer, {capitals: index % 2 === 0});
  });
  const answer = answerStep(step, {http: 200, body: {responses: shuffled(responses), ...step.fields}}, envelope);
  return {...answer, delay: Math.max(...answers.map(({delay}) => delay)) + (step.delay ?? 0)};
}

/** Whether an envelope reaches the service: its answer may then be late, or go wrong on its way, but its parts took their steps. */
function servesParts(step: StepAnswer): boolean {
  return httpOf(step, 200) < 300 && step.body === undefined && step.text === undefined;
}

interface PartAnswer {
  readonly answer: Answer;
  /** Milliseconds until it is there, counting from the envelope. */
  readonly delay: number;
}

/** What the parts are answered, in their order; a part that depends on others comes after them. */
function answerParts(
  parts: readonly BatchPart[],
  {envelope, version, settings}: {envelope: GraphRequest; version: string; settings: ServiceSettings},
): readonly PartAnswer[] {
  const answered = new Map<BatchPart, PartAnswer>();
  const answerPart = (part: BatchPart): PartAnswer => {
    const before = part.dependsOn.map(once);
    const request = requestOf(part, version, envelope);
    const failed = before.some(({answer}) => answer.http >= 400);
    const answer = failed ? graphError(424, request) : arrived(answerRequest(request, settings), request);
    return {answer, delay: Math.max(0, ...before.map(({delay}) => delay)) + (answer.delay ?? 0)};
  };
  const once = (part: BatchPart): PartAnswer => {
    const known = answered.get(part) ?? answerPart(part);
    answered.set(part, known);
    return known;
  };
  return parts.map(once);
}

/** A part as if it had come alone. It has the envelope's token, whatever its own headers say. */
function requestOf({method, url, headers, body}: BatchPart, version: string, envelope: GraphRequest): GraphRequest {
  const {authorization, now, recorded} = envelope;
  const target = `/${version}${url}`;
  const requestId = randomUUID();
  return {
    method,
    target,
    authorization,
    body,
    now,
    requestId,
    clientRequestId: headers['client-request-id'] || requestId,
    recorded: recorded && recordOf({method, target, headers, body}, recorded),
  };
}

/** The record of a part. It shares its envelope's time and fate. */
function recordOf(
  {method, target, headers, body}: Pick<BatchPart, 'method' | 'headers' | 'body'> & {readonly target: string},
  envelope: RecordedRequest,
): RecordedRequest {
  const {authorization} = envelope.headers;
  return {
    method,
    path: target,
    headers: authorization === undefined ? headers : {authorization, ...headers},
    ...(body !== undefined && {body}),
    at: envelope.at,
    batched: true,
    get aborted() {
      return envelope.aborted;
    },
  };
}

/**
 * What the front door of the service makes of an answer that went wrong on its way from the service behind it: the envelope is one
 * connection, so that a part alone cannot break off.
 */
function arrived(answer: Answer, request: GraphRequest): Answer {
  if (answer.fault === undefined) return answer;
  const http = timeouts.includes(answer.fault) ? 504 : 502;
  return {...withCommonHeaders(graphError(http, request), request), delay: answer.delay};
}

const timeouts: readonly Fault[] = ['hang', 'hangBody', 'endless'];
