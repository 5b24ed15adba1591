import type {IncomingMessage, ServerResponse} from 'node:http';
import {answerHttpRequest} from './answer-batch.ts';
import {graphError} from './graph-error.ts';
import {withCommonHeaders} from './graph-service.ts';
import type {LoopbackServer} from './loopback-server.ts';
import {graphRequestOf, recordOf} from './receive-request.ts';
import type {RequestRecorder} from './request-recorder.ts';
import {sendAnswer} from './send-answer.ts';
import type {ServiceSettings} from './service-settings.ts';

/** What serving a request needs of the emulator. */
export interface ServingContext {
  readonly service: ServiceSettings;
  readonly recorder: RequestRecorder;
  readonly server: LoopbackServer;
}

/** A request that has arrived whole: its body is read, if it has one. */
export interface Arrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: string | undefined;
  readonly now: number;
}

/** Records a request, asks the service what to answer, and sends that. */
export function serveRequest(
  {request, response, body, now}: Arrival,
  {service, recorder, server}: ServingContext,
): void {
  const asked = graphRequestOf(request, body, now);
  const recorded = recorder.wanted ? recordOf(asked, request.headers) : undefined;
  if (recorded !== undefined) recorder.add(recorded);
  if (response.destroyed) {
    // The client left in the middle of its own body: nothing was asked, so nothing happens.
    if (recorded !== undefined) recorded.aborted = !server.stopping;
    return;
  }
  const answer = answerHttpRequest(recorder.keeps ? {...asked, recorded} : asked, service);
  if (recorded !== undefined) {
    response.once('close', () => {
      recorded.aborted = !response.writableFinished && !server.stopping && answer.fault !== 'reset';
    });
  }
  sendAnswer(response, answer);
}

/** Answers 508 and records nothing: memory must not grow with an endless loop. */
export function refuseRequest({request, response, body, now}: Arrival, maximumRequests: number): void {
  const refused = graphRequestOf(request, body, now);
  const message = `The emulator has answered its maximumRequests (${maximumRequests}).`;
  sendAnswer(response, withCommonHeaders(graphError(508, refused, {message}), refused));
}
