import type {IncomingMessage, ServerResponse} from 'node:http';
import {graphError} from './answer.ts';
import {answerHttpRequest} from './answer-batch.ts';
import type {EmulatedService} from './emulator-options.ts';
import {withCommonHeaders} from './graph-service.ts';
import {graphRequestOf, maximumBodyLength, recordOf, tooLong} from './incoming-request.ts';
import type {LoopbackServer} from './loopback-server.ts';
import type {RequestRecorder} from './request-recorder.ts';
import {sendAnswer, sendBeforeBodyEnds} from './send-answer.ts';

/** What is needed to serve a request. */
export interface ServingContext {
  readonly service: EmulatedService;
  readonly recorder: RequestRecorder;
  readonly server: LoopbackServer;
}

/** A request that has arrived completely, with its body if it has one, or as far as it is read. */
export interface Arrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: string | typeof tooLong | undefined;
  readonly now: number;
}

/** Records a request and sends the service's answer. */
export function serveRequest(
  {request, response, body, now}: Arrival,
  {service, recorder, server}: ServingContext,
): void {
  const received = graphRequestOf(request, body === tooLong ? undefined : body, now);
  const recorded = recorder.isNeeded ? recordOf(received, request.headers) : undefined;
  if (recorded !== undefined) recorder.add(recorded);
  if (response.destroyed) {
    // The client disconnected in the middle of its own body: there is no request to carry out.
    if (recorded !== undefined) recorded.aborted = !server.stopping;
    return;
  }
  if (body === tooLong) {
    const message = `The body of the request is longer than ${maximumBodyLength} bytes.`;
    sendBeforeBodyEnds(request, response, withCommonHeaders(graphError(413, received, {message}), received));
    return;
  }
  const answer = answerHttpRequest(recorder.records ? {...received, recorded} : received, service);
  if (recorded !== undefined) {
    response.once('close', () => {
      recorded.aborted = !response.writableFinished && !server.stopping && answer.fault !== 'reset';
    });
  }
  sendAnswer(response, answer);
}

/** Answers 508 without recording the request: memory must not grow in an endless loop. */
export function refuseRequest({request, response, body, now}: Arrival, maximumRequests: number): void {
  const refused = graphRequestOf(request, undefined, now);
  const message = `The emulator has reached its maximumRequests (${maximumRequests}).`;
  const answer = withCommonHeaders(graphError(508, refused, {message}), refused);
  if (body === tooLong) sendBeforeBodyEnds(request, response, answer);
  else sendAnswer(response, answer);
}
