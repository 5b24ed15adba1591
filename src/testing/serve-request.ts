import type {IncomingMessage, RequestListener, ServerResponse} from 'node:http';
import {graphError} from './answer.ts';
import {answerBatch} from './answer-batch.ts';
import type {EmulatedService} from './emulator-options.ts';
import {answerRequest, withCommonHeaders} from './graph-service.ts';
import {announcesBody, graphRequestOf, maximumBodyLength, readBody, recordOf, tooLong} from './incoming-request.ts';
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
interface Arrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: string | typeof tooLong | undefined;
  readonly now: number;
}

/** Serves each request once it has arrived. Nearly all are polls without a body, which are served in the same turn. */
export function serveRequests(context: ServingContext): RequestListener {
  return (request, response) => {
    const now = Date.now();
    if (!announcesBody(request)) serve({request, response, body: undefined, now}, context);
    else void readBody(request).then((body) => serve({request, response, body, now}, context));
  };
}

/** Counts and records a request, and sends the service's answer. */
function serve({request, response, body, now}: Arrival, {service, recorder, server}: ServingContext): void {
  const received = graphRequestOf(request, body === tooLong ? undefined : body, now);
  const refuse = (http: number, message: string): void => {
    const refusal = withCommonHeaders(graphError(http, received, {message}), received);
    if (body === tooLong) sendBeforeBodyEnds(request, response, refusal);
    else sendAnswer(response, refusal);
  };
  recorder.received += 1;
  const {maximumRequests} = service;
  // It is not recorded: memory must not grow in an endless loop.
  if (recorder.received > maximumRequests) {
    refuse(508, `The emulator has reached its maximumRequests (${maximumRequests}).`);
    return;
  }
  const recorded = recorder.isNeeded ? recordOf(received, request.headers) : undefined;
  if (recorded !== undefined) recorder.add(recorded);
  if (response.destroyed) {
    // The client disconnected in the middle of its own body: there is no request to carry out.
    if (recorded !== undefined) recorded.aborted = !server.stopping;
    return;
  }
  if (body === tooLong) {
    refuse(413, `The body of the request is longer than ${maximumBodyLength} bytes.`);
    return;
  }
  const toServe = recorder.records ? {...received, recorded} : received;
  const answer = answerBatch(toServe, service) ?? answerRequest(toServe, service);
  if (recorded !== undefined) {
    response.once('close', () => {
      recorded.aborted = !response.writableFinished && !server.stopping && answer.fault !== 'reset';
    });
  }
  sendAnswer(response, answer);
}
