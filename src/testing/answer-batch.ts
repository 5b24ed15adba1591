import {type Answer, graphError} from './answer.ts';
import {type BatchPart, readBatch} from './batch-request.ts';
import type {EmulatedService} from './emulator-options.ts';
import {createRequest, type GraphRequest} from './graph-request.ts';
import {answerRequest, notFound, refuse, withCommonHeaders} from './graph-service.ts';
import type {Fault, StepAnswer} from './operation-step.ts';
import {parseJson} from './parse-json.ts';
import {pathOf} from './path.ts';
import type {RecordedRequest} from './request-recorder.ts';
import {answerStep, httpOf} from './step-answer.ts';

/** The answer to the envelope of a batch, `POST /{version}/$batch`; `undefined` for any other request. */
export function answerBatch(request: GraphRequest, service: EmulatedService): Answer | undefined {
  const version = /^\/(v1\.0|beta)\/\$batch$/i.exec(pathOf(request.target))?.[1];
  return version === undefined ? undefined : withCommonHeaders(answerEnvelope(request, version, service), request);
}

/** Only the parts count towards the throttle, not the envelope. */
function answerEnvelope(envelope: GraphRequest, version: string, service: EmulatedService): Answer {
  const {batch} = service;
  if (batch === undefined) return notFound(envelope);
  const refusal = refuse(envelope, service, ['POST']);
  if (refusal !== undefined) return refusal;
  const step = batch.take(envelope.now);
  if (!servesParts(step)) return answerStep(step, {http: 200, body: step.fields}, envelope);
  const parts = readBatch(envelope.body);
  if ('message' in parts) return graphError(400, envelope, parts);
  const answers = answerParts(parts, {envelope, version, service});
  const responses = answers.map(({answer}, index) => {
    const capitals = service.batchHeaders === 'capitalized' || index % 2 === 0;
    return batchResponse(parts[index]?.id ?? '', answer, capitals);
  });
  const answer = answerStep(step, {http: 200, body: {responses: shuffled(responses), ...step.fields}}, envelope);
  return {...answer, delay: Math.max(...answers.map(({delay}) => delay)) + (step.delay ?? 0)};
}

/** Whether the parts are served: the answer to the envelope may still be late or fail on its way, but the parts have taken their steps. */
function servesParts(step: StepAnswer): boolean {
  return httpOf(step, 200) < 300 && step.body === undefined && step.text === undefined;
}

interface PartAnswer {
  readonly answer: Answer;
  /** Milliseconds from the envelope's arrival until it is complete. */
  readonly delay: number;
}

/** The answers to the parts, in their order. A part that depends on others is answered after them. */
function answerParts(
  parts: readonly BatchPart[],
  {envelope, version, service}: {envelope: GraphRequest; version: string; service: EmulatedService},
): readonly PartAnswer[] {
  const answers = new Map<BatchPart, PartAnswer>();
  const answerPart = (part: BatchPart): PartAnswer => {
    const dependencies = parts.filter(({key}) => part.dependsOn.includes(key)).map(answerOnce);
    const request = requestOf(part, version, envelope);
    const failed = dependencies.some(({answer}) => answer.http >= 400);
    const answer = failed ? graphError(424, request) : viaGateway(answerRequest(request, service), request);
    return {answer, delay: Math.max(0, ...dependencies.map(({delay}) => delay)) + (answer.delay ?? 0)};
  };
  const answerOnce = (part: BatchPart): PartAnswer => {
    const answer = answers.get(part) ?? answerPart(part);
    answers.set(part, answer);
    return answer;
  };
  return parts.map(answerOnce);
}

/** The part as a single request. It has the token of the envelope, whatever its own headers say. */
function requestOf({method, url, headers, body}: BatchPart, version: string, envelope: GraphRequest): GraphRequest {
  const {authorization, now} = envelope;
  const target = `/${version}${url}`;
  const recorded = envelope.recorded && recordOf({method, target, headers, body}, envelope.recorded);
  return createRequest({method, target, authorization, body, now, recorded}, headers['client-request-id']);
}

/** The record of a part. `at` and `aborted` are those of the envelope. */
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
 * The answer to a part as it passes the service's gateway, which turns a fault into 502 or 504: all parts share the connection of the
 * envelope, so a single part cannot be cut off.
 */
function viaGateway(answer: Answer, request: GraphRequest): Answer {
  if (answer.fault === undefined) return answer;
  const http = timeouts.includes(answer.fault) ? 504 : 502;
  return {...withCommonHeaders(graphError(http, request), request), delay: answer.delay};
}

const timeouts: readonly Fault[] = ['hang', 'hangBody', 'endless'];

/** Brings an answer into the form of a batch: JSON as it is, any other content as Base64. */
function batchResponse(id: string, answer: Answer, capitals: boolean): object {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    headers[capitals ? capitalize(name) : name] = typeof value === 'string' ? value : value.join(', ');
  }
  return {id, status: answer.http, headers, ...bodyOf(answer)};
}

/** The answers in an order that differs from the requests but is always the same: the second, fourth and so on, then the others backwards. */
function shuffled<Item>(items: readonly Item[]): readonly Item[] {
  const odd = items.filter((_, index) => index % 2 === 1);
  const even = items.filter((_, index) => index % 2 === 0);
  return [...odd, ...even.reverse()];
}

/** The body, where the answer has one. */
function bodyOf({http, headers, text}: Answer): {readonly body?: unknown} {
  // As in Graph's documented example.
  if (http === 204) return {body: null};
  if (text === '') return {};
  if (String(headers['content-type']).startsWith('application/json')) {
    const body = parseJson(text);
    // What claims to be JSON but is not is sent like any other content.
    if (body !== undefined) return {body};
  }
  return {body: Buffer.from(text).toString('base64')};
}

function capitalize(name: string): string {
  return name.replace(/(?<![a-z])[a-z]/g, (letter) => letter.toUpperCase());
}
